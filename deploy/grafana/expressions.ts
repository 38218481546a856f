/** Pieces of PromQL that several dashboards use. */

/** Faults of the gateway and of upstreams; the same as in the alert rules, tested against the table of errors. */
export const serverFaults =
  'failure|internal_error|upstream_error|upstream_invalid_response|upstream_unreachable|upstream_timeout|no_healthy_backend|backend_overloaded|budget_unavailable|service_unavailable|server_shutting_down';

/** Per-second rate of a counter, summed by labels. */
export const rateBy = (labels: string, counter: string, matchers = ''): string =>
  `sum by (${labels}) (rate(${counter}{${matchers}}[$__rate_interval]))`;

/** A quantile of a histogram, by labels. */
export const quantile = (share: number, histogram: string, labels = '', matchers = ''): string =>
  `histogram_quantile(${String(share)}, sum by (${[labels, 'le'].filter((label) => label !== '').join(', ')}) (rate(${histogram}_bucket{${matchers}}[$__rate_interval])))`;

/** One share of another, 0 where there is nothing to share. */
export const ratio = (part: string, whole: string): string => `(${part} or vector(0)) / clamp_min(${whole}, 0.000001)`;
