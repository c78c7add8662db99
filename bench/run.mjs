/** `npm run bench`: the hot path; with `-- --scale` the main calls at three sizes. */
await import(process.argv.includes('--scale') ? './scale.mjs' : './hot-path.mjs');
