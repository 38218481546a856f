/** Configuration: the environment of a process, and the config file. */
export { Environment, withFileTwins } from './env.js';
