"""Drives Chromium through the board, as a person would.

Usage: chromium_board.py SCRIPT FOLDER SECONDS
SCRIPT is JSON: a list of steps, each one of
  {"go": ADDRESS}  {"size": [WIDTH, HEIGHT]}  {"shot": NAME}  {"tell": EXPRESSION, "as": NAME}
  {"until": EXPRESSION}  {"do": EXPRESSION}  {"key": "Tab"}
  {"enter": ADDRESS}                        with the key in it: waits for the board that it leads to
  {"file": PATH, "into": SELECTOR}          chooses a file, as a person does in the browser's dialogue
  {"drop": PATH, "on": SELECTOR}            drops a file
  {"crawl": ADDRESS, "axe": PATH, "as": NAME}
      follows links to every kind of page and tells what axe-core, at PATH, finds against WCAG 2.2 AA
Screenshots go to FOLDER. Prints JSON: what was told by name, and what the browser complained about.
The browser is spoken to over two pipes, so that nothing but it and the board is on any port.
"""
import json, os, re, subprocess, sys, tempfile, time, base64, select, urllib.parse

steps, folder, seconds = json.load(open(sys.argv[1])), sys.argv[2], float(sys.argv[3])
end = time.monotonic() + seconds
told, complaints = {}, []
to_browser, our_end = os.pipe()
their_end, from_browser = None, None
from_browser, their_end = os.pipe()
profile = tempfile.TemporaryDirectory()


def pipes():
    # 3 is read and 4 is written by the browser.
    os.dup2(to_browser, 20), os.dup2(their_end, 21)
    os.dup2(20, 3), os.dup2(21, 4)


browser = subprocess.Popen(
    ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio", "--no-first-run", "--hide-scrollbars",
     "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
     "--force-color-profile=srgb", f"--user-data-dir={profile.name}", "about:blank"],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=pipes, close_fds=False)
os.close(to_browser), os.close(their_end)
rest, number, session = b"", 0, None


def receive():
    global rest
    while b"\0" not in rest:
        # What is asked when the time is over (what the page shows) is still answered.
        left = max(end - time.monotonic(), 30)
        if not select.select([from_browser], [], [], left)[0]:
            raise TimeoutError("the browser did not answer in time")
        part = os.read(from_browser, 1 << 20)
        if not part:
            raise EOFError("the browser ended")
        rest += part
    line, rest = rest.split(b"\0", 1)
    return json.loads(line)


def note(event):
    method, values = event.get("method"), event.get("params", {})
    if method == "Runtime.exceptionThrown":
        complaints.append("exception: " + json.dumps(values["exceptionDetails"])[:300])
    elif method == "Log.entryAdded" and values["entry"]["level"] == "error":
        complaints.append("error: " + values["entry"]["text"][:300] + " " + values["entry"].get("url", ""))
    elif method == "Network.requestWillBeSent":
        url = values["request"]["url"]
        if not url.startswith(("http://127.0.0.1", "data:", "about:", "blob:")):
            complaints.append("request elsewhere: " + url)


def ask(method, **values):
    global number
    number += 1
    message = {"id": number, "method": method, "params": values}
    if session:
        message["sessionId"] = session
    os.write(our_end, json.dumps(message).encode() + b"\0")
    while True:
        answer = receive()
        if answer.get("id") == number:
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            return answer["result"]
        note(answer)


def value(expression):
    result = ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
    if "exceptionDetails" in result:
        raise RuntimeError(f"{expression}: {json.dumps(result['exceptionDetails'])[:400]}")
    return result["result"].get("value")


def until(expression):
    fault = ""
    while time.monotonic() < end:
        try:
            if value(expression):
                return
            fault = ""
        except RuntimeError as problem:  # a page that is just being replaced, or has no body yet
            fault = f" ({problem})"
        time.sleep(0.1)
    shown = value("location.href + ': ' + (document.body ? document.body.innerText : 'no body')")
    raise TimeoutError(f"{expression}{fault} on {str(shown)[:2000]}")


def screenshot():
    while True:
        try:
            return ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        except RuntimeError as fault:  # a page that has no layout yet
            if "0 width" not in str(fault) or time.monotonic() > end:
                raise
        time.sleep(0.1)


def go(address):
    ask("Page.navigate", url=address)
    until(f"location.href.startsWith({json.dumps(address.split('#')[0])}) && document.readyState === 'complete'")


def crawl(start, axe):
    """One page of every kind: names, numbers and digests do not make another one."""
    source, pages, violations = open(axe).read(), [], []
    kinds, waiting = set(), [start]
    while waiting and len(pages) < 80:
        address = waiting.pop(0)
        parts = urllib.parse.urlsplit(address)
        kind = re.sub(r"[0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{64}|v\d{3,}", "*", parts.path)
        if kind in kinds or parts.path.startswith("/files/") or parts.path.endswith("/report"):
            continue
        kinds.add(kind)
        go(address)
        pages.append(parts.path)
        value(source + "; true")
        violations += value(
            "axe.run(document, {iframes: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}).then((found) =>"
            " found.violations.flatMap((rule) => rule.nodes.map((node) =>"
            " location.pathname + ': ' + rule.id + ': ' + node.target.join(' ') + ': ' + node.failureSummary)))")
        waiting += value(
            "[...document.querySelectorAll('a[href]:not([download])')].map((link) => new URL(link.getAttribute('href'), location.href))"
            ".filter((link) => link.origin === location.origin).map((link) => link.href)")
    return {"pages": pages, "violations": violations}


fault = None
try:
    target = ask("Target.createTarget", url="about:blank")["targetId"]
    session = ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
        ask(domain + ".enable")
    for step in steps:
        if "go" in step:
            go(step["go"])
        elif "enter" in step:
            ask("Page.navigate", url=step["enter"])
            until("location.pathname === '/' && document.readyState === 'complete'")
        elif "file" in step:
            root = ask("DOM.getDocument")["root"]["nodeId"]
            node = ask("DOM.querySelector", nodeId=root, selector=step["into"])["nodeId"]
            ask("DOM.setFileInputFiles", nodeId=node, files=[step["file"]])
        elif "drop" in step:
            place = value("(() => { const p = document.querySelector(%s); p.scrollIntoView({block: 'center'}); const r = p.getBoundingClientRect();"
                          " return [r.x + r.width / 2, r.y + r.height / 2]; })()" % json.dumps(step["on"]))
            for kind in ("dragEnter", "dragOver", "drop"):
                ask("Input.dispatchDragEvent", type=kind, x=place[0], y=place[1],
                    data={"items": [], "files": [step["drop"]], "dragOperationsMask": 1})
        elif "crawl" in step:
            told[step["as"]] = crawl(step["crawl"], step["axe"])
        elif "size" in step:
            width, height = step["size"]
            ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        elif "shot" in step:
            picture = screenshot()
            with open(os.path.join(folder, step["shot"] + ".png"), "wb") as file:
                file.write(base64.b64decode(picture["data"]))
        elif "tell" in step:
            told[step["as"]] = value(step["tell"])
        elif "until" in step:
            until(step["until"])
        elif "do" in step:
            value(step["do"])
        elif "key" in step:
            for kind in ("keyDown", "keyUp"):
                ask("Input.dispatchKeyEvent", type=kind, key=step["key"], code=step["key"],
                    windowsVirtualKeyCode={"Tab": 9, "Enter": 13}[step["key"]])
except Exception as problem:
    fault = f"{type(problem).__name__}: {problem}"
try:
    os.killpg(browser.pid, 9)
except ProcessLookupError:
    pass
browser.wait()
print(json.dumps({"told": told, "complaints": complaints, "fault": fault}))
