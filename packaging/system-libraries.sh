#!/bin/sh
# Names, and where it may installs, the system libraries that Qt loads and pip cannot bring.
set -eu
[ "$(uname -s)" = Linux ] || exit 0
missing=""
for pair in libEGL.so.1:libegl1 libGL.so.1:libgl1 libxkbcommon.so.0:libxkbcommon0 libdbus-1.so.3:libdbus-1-3 \
            libfontconfig.so.1:libfontconfig1 libxcb-cursor.so.0:libxcb-cursor0 libxkbcommon-x11.so.0:libxkbcommon-x11-0 \
            libxcb-icccm.so.4:libxcb-icccm4 libxcb-keysyms.so.1:libxcb-keysyms1 libxcb-shape.so.0:libxcb-shape0 \
            libxcb-image.so.0:libxcb-image0 libxcb-render-util.so.0:libxcb-render-util0 libxcb-xinerama.so.0:libxcb-xinerama0; do
  library=${pair%%:*}
  ldconfig -p 2>/dev/null | grep -q "$library" || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || exit 0
echo "System libraries that the window needs are missing:$missing"
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
  echo "installed."
elif command -v apt-get >/dev/null 2>&1; then
  echo "Install them with:  sudo apt-get install$missing"
else
  echo "Install your system's packages for them, then run this again if the window does not open."
fi
