/** A trace as text, one line for each span, so that a test reads as the tree it expects. */
import type { ReceivedSpan } from '#testing';

const kinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];

/** Lines of `service KIND name`, indented by depth, siblings in order of their start. Orphans come first, without indent. */
export function treeOf(spans: readonly ReceivedSpan[]): string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const lines: string[] = [];
  const walk = (span: ReceivedSpan, depth: number) => {
    lines.push(`${'  '.repeat(depth)}${span.service} ${kinds[span.kind] ?? '?'} ${span.name}`);
    for (const child of childrenOf(span, spans)) walk(child, depth + 1);
  };
  for (const root of inOrder(spans.filter(({ parentSpanId }) => !ids.has(parentSpanId)))) walk(root, 0);
  return lines;
}

/** Spans that end more than `limitMs` after their parent. */
export function outliving(spans: readonly ReceivedSpan[], limitMs: number): string[] {
  return spans.flatMap((span) =>
    childrenOf(span, spans).flatMap((child) => {
      const ms = Number(child.endNanos - span.endNanos) / 1e6;
      return ms > limitMs ? [`${child.name} ends ${Math.round(ms)} ms after ${span.name}`] : [];
    }),
  );
}

/** Names of spans whose parent is not among them, but for outermost ones. */
export function orphansIn(spans: readonly ReceivedSpan[], isOutermost: (span: ReceivedSpan) => boolean): string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter((span) => !ids.has(span.parentSpanId) && !isOutermost(span)).map(({ name }) => name);
}

function childrenOf(span: ReceivedSpan, spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  return inOrder(spans.filter(({ parentSpanId }) => parentSpanId === span.spanId));
}

function inOrder(spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  return [...spans].sort((a, b) => Number(a.startNanos - b.startNanos));
}
