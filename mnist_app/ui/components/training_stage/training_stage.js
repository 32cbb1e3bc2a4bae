/* A run while it happens. The server tells what changes over one stream of events, see run_stream.py;
   the page's script is told what the owner commands, and once that the run has ended. */

const ACTIVE = ["queued", "running", "paused"];
/* Milliseconds: a stream that is back so soon was not lost, and no command takes longer. */
const SHORT = 2500;

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".run");
  const stage = keptAt(root, () => new TrainingStage(root));
  stage.tell = setTriggerValue;
  stage.update(data);
  return whileShown(root, () => stage.begin());
}

class TrainingStage {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.bars = newBars();
    this.find(".answer").append(this.bars);
    this.wall = new Wall(this.find(".wall canvas"), this.find(".wall figcaption"));
    this.find(".pause").addEventListener("click", () => this.command(this.run.status === "paused" ? "continue" : "pause"));
    this.find(".stop").addEventListener("click", () => this.command(this.run.status === "queued" ? "leave" : "stop"));
    this.find(".rate").addEventListener("change", () => this.changeRate());
    this.forget();
  }

  forget() {
    this.run = { status: "", state: "", where: "", progress: 0, end: 1 };
    this.history = emptyHistory();
    this.moment = {};
  }

  /* While the element is on the page. */
  begin() {
    const look = () => (document.hidden ? this.close() : this.open());
    const sized = new ResizeObserver(() => this.paint());
    document.addEventListener("visibilitychange", look);
    sized.observe(this.root);
    look();
    return () => {
      document.removeEventListener("visibilitychange", look);
      sized.disconnect();
      this.close();
    };
  }

  update(data) {
    const before = this.data;
    this.data = data;
    if (!before) return;
    if (before.events !== data.events) this.forget();
    if (before.events !== data.events || (data.isActive && !this.stream)) this.open();
    this.paint();
  }

  /* Listens; a hidden page does not, since a browser has few connections. */
  open() {
    this.close();
    if (document.hidden) return;
    this.loadDigits();
    this.stream = new EventSource(`${location.origin}/${this.data.events}`);
    this.stream.addEventListener("run", ({ data }) => this.hear(JSON.parse(data)));
    this.stream.addEventListener("refused", ({ data }) => this.complain(JSON.parse(data).reason));
    this.stream.addEventListener("gone", () => this.end());
    this.stream.addEventListener("open", () => this.complain(""));
    this.stream.addEventListener("error", () => this.lose());
  }

  close() {
    clearTimeout(this.losing);
    this.stream?.close();
    this.stream = null;
  }

  /* The browser opens the stream again by itself, unless the server answered with something else. */
  lose() {
    clearTimeout(this.losing);
    if (this.stream?.readyState === EventSource.CLOSED) setTimeout(() => this.stream && this.open(), SHORT);
    const isHeard = this.find(".trouble").textContent;
    if (!isHeard) this.losing = setTimeout(() => this.complain("The connection is lost. This page tries again by itself."), SHORT);
  }

  complain(sentence) {
    clearTimeout(this.losing);
    const place = this.find(".trouble");
    place.textContent = sentence;
    place.hidden = !sentence;
  }

  async loadDigits() {
    const { sprite, labels } = this.data;
    if (!sprite || this.digits?.url === sprite) return;
    const picture = await fetchOnce(`${location.origin}/${sprite}`, (bytes) => createImageBitmap(new Blob([bytes], { type: "image/png" })));
    this.digits = { url: sprite, sprite: picture, labels };
    this.paint();
  }

  /* What changed of the run; `restart` says that this is all there is. */
  hear(change) {
    if (change.restart) [this.history, this.moment] = [emptyHistory(), {}];
    lengthen(this.history, change);
    this.run = { ...this.run, ...change.run };
    this.moment = { ...this.moment, ...change.moment };
    this.complain(this.run.trouble || "");
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.paint();
    });
    if (!ACTIVE.includes(this.run.status)) this.end();
  }

  end() {
    this.close();
    if (this.data.isActive) this.tell("ended", this.data.run);
  }

  command(kind, value = null) {
    for (const button of this.root.querySelectorAll(".steer button")) button.disabled = true;
    setTimeout(() => this.free(), SHORT);
    this.tell("command", { run: this.data.run, kind, value });
  }

  free() {
    for (const button of this.root.querySelectorAll(".steer button")) button.disabled = false;
  }

  changeRate() {
    const field = this.find(".rate");
    const [low, high] = this.data.rates;
    const rate = field.valueAsNumber;
    const isRate = rate >= low && rate <= high;
    field.setCustomValidity(isRate ? "" : `Give a learning rate between ${low} and ${high}.`);
    if (field.reportValidity()) this.command("learning_rate", rate);
  }

  paint() {
    if (!this.data || !this.root.clientWidth) return;
    this.showState();
    const { drawing, probabilities, kernels, answers } = this.moment;
    this.root.classList.toggle("own", this.data.isOwn);
    this.root.classList.toggle("blind", kernels === null);
    if (drawing !== this.drawn) paintDrawing(this.find(".drawing"), (this.drawn = drawing));
    paintBars(this.bars, probabilities);
    paintKernels(this.find(".kernels canvas"), kernels);
    paintCurves(this.find(".accuracy"), this.history, "accuracy", this.run.end);
    paintCurves(this.find(".loss"), this.history, "loss", this.run.end);
    this.wall.show(this.digits, answers);
  }

  showState() {
    const { status, state, where, progress, rate } = this.run;
    const said = this.find(".state");
    if (said.textContent !== state) {
      said.textContent = state;
      this.free();
    }
    this.find(".where").textContent = where;
    this.find(".steer").hidden = !(this.data.isOwn && ACTIVE.includes(status));
    this.find(".pause").hidden = this.find(".steer label").hidden = status === "queued";
    this.find(".pause").textContent = status === "paused" ? "Continue" : "Pause";
    this.find(".stop").textContent = status === "queued" ? "Leave the queue" : "Stop";
    const field = this.find(".rate");
    if (field !== this.root.getRootNode().activeElement && rate) field.value = rate;
    const bar = this.find(".progress");
    bar.style.setProperty("--share", progress);
    bar.setAttribute("aria-valuenow", Math.round(100 * progress));
  }
}

function emptyHistory() {
  const curve = () => ({ images: [], loss: [], accuracy: [] });
  return { training: curve(), validation: curve(), rates: [] };
}

/* Adds to a history what the server says of it. */
function lengthen(history, { training, validation, rates }) {
  for (const [name, more] of Object.entries({ training, validation })) {
    for (const [what, values] of Object.entries(more ?? {})) history[name][what].push(...values);
  }
  history.rates.push(...(rates ?? []));
}

function paintDrawing(canvas, pixels) {
  const gray = pixels ? bytesOf(pixels) : new Uint8Array(28 * 28);
  canvas.getContext("2d").putImageData(imageOf(gray, paletteOf("gray"), 28, 28), 0, 0);
}
