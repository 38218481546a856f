import { describe, expect, it } from 'vitest';
import { upstreamFailure } from '#wire';
import { clientErrorOf } from './answer-writer.js';

describe('a failure that a worker tells inside a stream', () => {
  it('names the model, as other errors do', () => {
    const failure = upstreamFailure({ code: 'upstream_error', status: 200, message: 'The runner is gone.' });
    expect(clientErrorOf(failure, 'house')).toMatchObject({ message: "The runner is gone. (model 'house')" });
  });

  it('names it once, and leaves refusals of the request as they are', () => {
    const named = upstreamFailure({ code: 'upstream_error', status: 200, message: "'house' is gone." });
    expect(clientErrorOf(named, 'house').message).toBe("'house' is gone.");
    const refused = upstreamFailure({ code: 'invalid_request', status: 400, message: 'No.' });
    expect(clientErrorOf(refused, 'house').message).toBe('No.');
  });
});
