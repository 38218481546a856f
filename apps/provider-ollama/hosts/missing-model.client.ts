/** A request for a model that its host lacks: refused, or told how far the download is until the model is there. */
import type { StreamSender } from '#bus';
import type { InferOpen, StreamFailure } from '#contracts';
import type { Download } from './model-pulls.client.js';
import { cancelledFailure, modelMissing, modelOnItsWay } from './queue-failure.js';

/** The client is told how far it is this often. */
const noticeMs = 1_000;

/** Waits for the download; returns null once the model is there, or why the request cannot be served. */
export async function awaitDownload(
  open: InferOpen,
  stream: Pick<StreamSender, 'queued' | 'signal'>,
  download: Download,
): Promise<StreamFailure | null> {
  const tell = () =>
    stream.queued({ position: 1, estimateMs: null, reason: `downloading the model: ${download.progress}` });
  tell();
  const telling = setInterval(tell, noticeMs);
  const limit = AbortSignal.timeout(Math.ceil(Math.min(open.maxWaitMs ?? open.deadlineMs, open.deadlineMs)));
  try {
    const ended = await Promise.race([download.done.then((reason) => ({ reason })), firstOf(limit, stream.signal)]);
    if (stream.signal.aborted) return cancelledFailure;
    if (ended === null) return modelOnItsWay(download.progress);
    return ended.reason === null ? null : modelMissing(open, ended.reason);
  } finally {
    clearInterval(telling);
  }
}

/** Resolves with null when one of the signals is aborted. */
function firstOf(...signals: readonly AbortSignal[]): Promise<null> {
  const any = AbortSignal.any([...signals]);
  return new Promise((resolve) => {
    if (any.aborted) resolve(null);
    else any.addEventListener('abort', () => resolve(null), { once: true });
  });
}
