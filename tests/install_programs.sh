#!/usr/bin/env bash
# Installs the programs that read our files in the tests: GIMP, Chromium with three.js, Khronos' glTF validator on Node;
# and builds the viewer's page where npm was missing when multiplane was installed.
# Where they cannot be installed (no root, no Debian), the tests that need them skip and say so.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
command -v gimp >/dev/null || missing+=(gimp)
command -v chromium >/dev/null || missing+=(chromium)
[ -x /usr/bin/convert ] || missing+=(imagemagick)
command -v oiiotool >/dev/null || missing+=(openimageio-tools)
command -v soffice >/dev/null || missing+=(libreoffice-impress)
command -v npm >/dev/null || missing+=(nodejs npm)
if [ ${#missing[@]} -gt 0 ]; then
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "Installing ${missing[*]} for the tests ..."
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "Not installed: ${missing[*]}. The tests that need them will be skipped."
  fi
fi
if command -v npm >/dev/null && [ ! -d .tools/node_modules/gltf-validator ]; then
  npm install --silent --no-audit --no-fund --prefix .tools gltf-validator@2.0.0-dev.3.10 >/dev/null
fi
if command -v npm >/dev/null && [ ! -d .tools/node_modules/three ]; then
  npm install --silent --no-audit --no-fund --prefix .tools three@0.170.0 >/dev/null
fi
if command -v npm >/dev/null && [ ! -d .tools/node_modules/ag-psd ]; then
  npm install --silent --no-audit --no-fund --prefix .tools ag-psd@31.0.2 >/dev/null
fi
if command -v npm >/dev/null && [ ! -d viewer/page/node_modules/playwright-core ]; then
  npm ci --silent --no-audit --no-fund --prefix viewer/page >/dev/null || echo "Node 20.19 or newer is needed for the viewer's page; its tests will be skipped."
fi
if [ -d viewer/page/node_modules/vite ] && [ ! -f viewer/multiplane_viewer/built/index.html ]; then
  npm run --silent build --prefix viewer/page >/dev/null || echo "The viewer's page was not built; its tests will be skipped."
fi
