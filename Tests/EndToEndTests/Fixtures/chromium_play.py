"""Plays a movie in Chromium: goes to every frame, reads the number it shows, then plays to the end.

Usage: chromium_play.py MOVIE FRAMES RATE_NUMERATOR RATE_DENOMINATOR SECONDS
Prints JSON: width, height, numbers (of NumberedClip, null where unreadable), ended, error.
"""
import http.server, json, os, re, subprocess, sys, tempfile, threading

movie, frames, numerator, denominator, seconds = sys.argv[1], *map(int, sys.argv[2:6])
PAGE = """<!doctype html><title>play</title><video id=v muted preload=auto src="/movie"></video><script>
const video = document.getElementById('v'), canvas = document.createElement('canvas');
const until = (name) => new Promise((done) => video.addEventListener(name, done, {once: true}));
const send = (what) => fetch('/result', {method: 'POST', body: JSON.stringify(what)});
const result = {width: 0, height: 0, numbers: [], ended: false, error: null};
function number() {
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.drawImage(video, 0, 0);
  let value = 0;
  for (let bit = 0; bit < 20; bit++) {
    const x = Math.floor((bit + 0.5) * canvas.width / 20);
    value = value * 2 + (context.getImageData(x, canvas.height >> 1, 1, 1).data[1] > 128 ? 1 : 0);
  }
  return value;
}
async function main() {
  if (video.readyState < 2) await until('loadeddata');
  result.width = canvas.width = video.videoWidth;
  result.height = canvas.height = video.videoHeight;
  for (let frame = 0; frame < FRAMES; frame++) {
    video.currentTime = (frame + 0.5) * DENOMINATOR / NUMERATOR;
    await until('seeked');
    result.numbers.push(number());
  }
  video.currentTime = 0;
  await until('seeked');
  video.playbackRate = 4;
  const ended = until('ended');
  await video.play();
  await ended;
  result.ended = video.ended;
}
video.addEventListener('error', () => {
  result.error = video.error.code + ' ' + video.error.message;
  send(result);
});
main().catch((error) => { result.error = String(error); }).finally(() => send(result));
</script>"""
for name, value in (("FRAMES", frames), ("NUMERATOR", numerator), ("DENOMINATOR", denominator)):
    PAGE = PAGE.replace(name, str(value))
finished, results = threading.Event(), []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, kind, body, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path != "/movie":
            return self.answer(200 if self.path == "/" else 404, "text/html", PAGE.encode())
        data = open(movie, "rb").read()
        match = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not match:
            return self.answer(200, "video/mp4", data, [("Accept-Ranges", "bytes")])
        start, end = int(match[1]), int(match[2] or len(data) - 1)
        part = f"bytes {start}-{min(end, len(data) - 1)}/{len(data)}"
        self.answer(206, "video/mp4", data[start : end + 1], [("Accept-Ranges", "bytes"), ("Content-Range", part)])

    def do_POST(self):
        results.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answer(204, "text/plain", b"")
        finished.set()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a browser that is ended drops its connections


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with tempfile.TemporaryDirectory() as profile:
    browser = subprocess.Popen(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--mute-audio", "--no-first-run",
         "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required", f"--user-data-dir={profile}",
         f"http://127.0.0.1:{server.server_port}/"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    finished.wait(seconds)
    # The browser leads a group of its own, with all its children.
    try:
        os.killpg(browser.pid, 9)
    except ProcessLookupError:
        pass
    browser.wait()
print(results[0] if results else json.dumps({"error": f"no answer in {seconds} s"}))
