/** A reason not to start that its text explains to the person who started it: printed as one line, exit code 1. */
export class LaunchError extends Error {
  /** @override */
  name = 'LaunchError';
}
