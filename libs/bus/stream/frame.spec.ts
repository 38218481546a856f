import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CreditBalance, CreditGrant, initialCredit } from './credits.js';
import {
  creditPayload,
  decodeFrames,
  encodeFrames,
  frameTypes,
  readCreditPayload,
  type Frame,
  type FrameType,
} from './frame.js';
import { SequenceCheck } from './sequence.js';

const frameOf = fc.record({
  type: fc.constantFrom<FrameType>(
    'hello',
    'queued',
    'data',
    'usage',
    'end',
    'error',
    'beat',
    'body',
    'credit',
    'cancel',
  ),
  flags: fc.integer({ min: 0, max: 255 }),
  sequence: fc.integer({ min: 0, max: 0xffffffff }),
  payload: fc.uint8Array({ maxLength: 64 }),
});

const plain = (frames: readonly Frame[]) => frames.map((frame) => ({ ...frame, payload: [...frame.payload] }));

describe('frames', () => {
  it('come back as they were sent, any number in one message', () => {
    fc.assert(
      fc.property(fc.array(frameOf, { maxLength: 8 }), (frames) => {
        expect(plain(decodeFrames(encodeFrames(frames)) ?? [])).toEqual(plain(frames));
      }),
    );
  });

  it('are refused when the message is cut anywhere inside a frame', () => {
    const frames: Frame[] = [{ type: 'data', flags: 1, sequence: 0, payload: Buffer.from('hello') }];
    const whole = encodeFrames(frames);
    for (let at = 1; at < whole.byteLength; at += 1) expect(decodeFrames(whole.subarray(0, at))).toBeNull();
  });

  it('of a type this release does not know are skipped, the others are taken', () => {
    const bytes = Buffer.from(
      encodeFrames([
        { type: 'beat', flags: 0, sequence: 0, payload: Buffer.from('new') },
        { type: 'end', flags: 0, sequence: 0, payload: new Uint8Array(0) },
      ]),
    );
    bytes[0] = 99;
    expect(Object.values(frameTypes)).not.toContain(99);
    expect(decodeFrames(bytes)?.map((frame) => frame.type)).toEqual(['end']);
  });

  it('carry credit totals beyond 32 bits', () => {
    expect(readCreditPayload(creditPayload(7, 2 ** 40))).toEqual({ frames: 7, bytes: 2 ** 40 });
    expect(readCreditPayload(new Uint8Array(3))).toBeNull();
  });
});

describe('sequence numbers', () => {
  const frame = (type: FrameType, sequence: number): Frame => ({
    type,
    flags: 0,
    sequence,
    payload: new Uint8Array(0),
  });

  it('in order are taken, repeats are dropped, a hole is seen', () => {
    const check = new SequenceCheck();
    expect([0, 1, 1, 0, 2].map((n) => check.judge(frame('data', n)))).toEqual([
      'take',
      'take',
      'duplicate',
      'duplicate',
      'take',
    ]);
    expect(check.judge(frame('data', 4))).toBe('gap');
  });

  it('on a beat show that the last frames were lost', () => {
    const check = new SequenceCheck();
    check.judge(frame('data', 0));
    expect(check.judge(frame('beat', 1))).toBe('take');
    expect(check.judge(frame('beat', 2))).toBe('gap');
  });
});

describe('credits', () => {
  it('never let more out than was granted, and never stick while the receiver takes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 400 }), (sizes) => {
        const balance = new CreditBalance();
        const grant = new CreditGrant();
        const flight: number[] = [];
        for (const size of sizes) {
          while (!balance.open) {
            const taken = flight.shift();
            expect(taken).toBeDefined();
            const totals = grant.take(taken ?? 0);
            if (totals !== null) balance.grant(totals);
          }
          balance.spend(size);
          flight.push(size);
          expect(flight.length).toBeLessThanOrEqual(initialCredit.frames * 2);
        }
      }),
    );
  });

  it('are not taken back by an older grant that comes late', () => {
    const balance = new CreditBalance();
    balance.grant({ frames: 200, bytes: 1_000_000 });
    balance.grant({ frames: 100, bytes: 500_000 });
    for (let i = 0; i < 199; i += 1) balance.spend(1);
    expect(balance.open).toBe(true);
  });
});
