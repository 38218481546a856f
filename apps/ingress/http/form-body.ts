/** Reads multipart/form-data with the platform's own parser. Pure: bytes in, parts out. */
import { GatewayError } from '#contracts';
import type { FormPart } from '#wire';

/** True for a body that says of itself that it is a form. */
export function isForm(contentType: string | null): boolean {
  return /^multipart\/form-data\b/i.test(contentType ?? '');
}

/** The parts in their order; throws invalid_request for what is no form. */
export async function readForm(bytes: Uint8Array | null, contentType: string | null): Promise<FormPart[]> {
  const parts: FormPart[] = [];
  for (const [name, value] of await parse(bytes, contentType ?? '')) {
    if (typeof value === 'string') parts.push({ name, value });
    else {
      const base64 = Buffer.from(await value.arrayBuffer()).toString('base64');
      parts.push({ name, filename: value.name, contentType: value.type, base64 });
    }
  }
  return parts;
}

async function parse(bytes: Uint8Array | null, contentType: string): Promise<FormData> {
  try {
    return await new Response(bytes === null ? null : Buffer.from(bytes), {
      headers: { 'content-type': contentType },
    }).formData();
  } catch (cause) {
    const message = 'The request body is not valid multipart/form-data.';
    throw new GatewayError('invalid_request', { message }, { cause });
  }
}
