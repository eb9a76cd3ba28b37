// Prints Khronos' validation report of each .glb named on the command line, as one JSON array.
// Usage: node validate_gltf.mjs NODE_MODULES FILE...
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [modules, ...files] = process.argv.slice(2);
const { validateBytes } = createRequire(join(modules, "here.js"))("gltf-validator");
const reports = [];
for (const file of files) {
  const { issues, info } = await validateBytes(new Uint8Array(readFileSync(file)), { maxIssues: 0 });
  reports.push({ file, issues, info });
}
console.log(JSON.stringify(reports));
