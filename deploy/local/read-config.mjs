/**
 * Reads a config file with the services' own code and prints what the launcher must know, as JSON: run by the pinned Node
 * after the build, `node read-config.mjs [FILE]`. Prints names of variables, never their values.
 */
const { loadConfigFile } = await import(new URL('../../dist/libs/config/index.js', import.meta.url).href);

const loaded = await loadConfigFile(process.argv[2]);
process.stdout.write(JSON.stringify(loaded));
