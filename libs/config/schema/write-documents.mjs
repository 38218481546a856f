// Writes config.schema.json and the tables of docs/config.md anew from the compiled schemas (run `npm run build` first).
import { readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../../../', import.meta.url);
const { configJsonSchema, fillKeyTables } = await import(new URL('dist/libs/config/schema/documents.js', root).href);

writeFileSync(new URL('config.schema.json', root), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
const document = new URL('docs/config.md', root);
writeFileSync(document, fillKeyTables(readFileSync(document, 'utf8')));
