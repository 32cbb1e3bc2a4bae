/* A phone in a room: joins, draws, lets the network answer here, sends, votes. */

const LOST_AFTER = 1500; // milliseconds without a stream of events, which is opened again now and then
const SHOWN_FOR = 3000; // milliseconds that a note is shown
const REOPEN = 2000;
const LOST = "The connection is lost. Your drawing will be sent when it is back.";
const NOBODY = "The room cannot be reached. This page tries again by itself.";
const HINT = "Draw with your finger.";
const NOTES = {
  sent: "Sent. Look at the wall!",
  waiting: "It will be sent when the connection is back.",
  none: "You have read all drawings of the others so far.",
};

const find = (id) => document.getElementById(id);

class Phone {
  constructor() {
    this.kept = new Kept();
    this.token = this.kept.read("phone") ?? randomToken();
    this.kept.write("phone", this.token);
    this.outbox = new Outbox(this.kept);
    this.outbox.told = (answer, waits) => this.tell(answer, waits);
    this.sheet = new Sheet(find("canvas"));
    this.sheet.changed = () => this.read();
    this.listen();
    this.enter();
  }

  listen() {
    find("undo").onclick = () => this.sheet.undo();
    find("clear").onclick = () => this.sheet.clear();
    find("send").onclick = () => this.send();
    find("others").onclick = () => this.askForVote();
    find("other").onclick = () => this.forget("");
    find("again").onclick = () => this.show("drawing");
    find("enter").onsubmit = (event) => {
      event.preventDefault();
      find("code").blur();
      this.ask(find("code").value);
    };
    find("votes").onclick = ({ target }) => target.value !== undefined && this.vote(Number(target.value));
    addEventListener("online", () => this.retry());
    addEventListener("offline", () => this.lose());
    document.addEventListener("visibilitychange", () => document.hidden || this.retry());
  }

  /* By the QR code's key, by the code in the address, by what was entered before, or by hand. */
  enter() {
    const given = new URLSearchParams(location.search);
    const [code, key] = [given.get("room") ?? "", given.get("key")];
    const before = this.kept.read("room");
    if (key) this.open(key, code);
    else if (before && (!code || before.code === code.toUpperCase())) this.open(before.key, before.code);
    else if (code) this.ask(code);
    else this.show("enter");
  }

  async ask(code) {
    const answer = await post("rooms/enter", { code });
    if (answer?.status === 200) {
      this.open(answer.said.key, answer.said.code);
      return;
    }
    find("trouble").textContent = answer?.said.sentence ?? "The server cannot be reached. Try again.";
    find("code").value = code.slice(0, find("code").maxLength).toUpperCase();
    this.show("enter");
  }

  open(key, code) {
    this.key = key;
    this.kept.write("room", { key, code });
    this.outbox.path = this.path("drawings");
    this.follow();
    this.outbox.deliver();
  }

  path(what) {
    return `rooms/${encodeURIComponent(this.key)}/${what}`;
  }

  /* Hears what happens in the room. */
  follow() {
    clearTimeout(this.reopening);
    this.events?.close();
    this.events = new EventSource(this.path("events"));
    this.events.addEventListener("state", ({ data }) => this.take(JSON.parse(data)));
    this.events.addEventListener("refused", () => this.look());
    this.events.onerror = () => {
      this.losing ??= setTimeout(() => this.lose(), LOST_AFTER);
      if (this.events.readyState === EventSource.CLOSED) {
        this.look();
        this.reopening = setTimeout(() => this.follow(), REOPEN);
      }
    };
  }

  /* Asks once where there is no stream: all may be taken, or the room is gone. */
  async look() {
    const answer = await fetch(this.path("state")).catch(() => null);
    const said = await answer?.json().catch(() => null);
    if (answer?.ok && said) this.take(said);
    else if (said?.reason === "unknown") this.forget(said.sentence);
  }

  forget(sentence) {
    clearTimeout(this.reopening);
    clearTimeout(this.losing);
    [this.losing, this.state] = [null, null];
    this.events.close();
    this.kept.write("room", null);
    find("trouble").textContent = sentence;
    this.show("enter");
  }

  retry() {
    if (this.key && this.isLost) this.follow();
    this.outbox.deliver();
  }

  lose() {
    this.isLost = true;
    this.say();
  }

  take(state) {
    clearTimeout(this.losing);
    [this.losing, this.isLost] = [null, false];
    const isOther = this.state?.round !== state.round;
    find("others").hidden = state.task.kind !== "fool";
    this.state = state;
    if (state.status === "closed") this.show("over");
    else if (isOther || ["waiting", "enter", "over"].includes(document.body.dataset.view)) this.show("drawing");
    this.load();
    this.say();
    this.outbox.deliver();
  }

  show(view) {
    document.body.dataset.view = view;
  }

  /* The line above the canvas: the task, or what keeps one from it. */
  say() {
    const { status, sentence } = this.state ?? {};
    if (status === "closed") find("end").textContent = SENTENCES.closed;
    else if (this.isLost) find("end").textContent = NOBODY;
    find("other").hidden = status !== "closed";
    find("task").textContent = this.isLost ? LOST : (SENTENCES[status] ?? sentence ?? "");
    find("drawing").classList.toggle("late", Boolean(this.isLost || SENTENCES[status]));
  }

  load() {
    const asked = this.state.network;
    if (!asked || asked.url === this.loaded) return;
    this.loaded = asked.url;
    fetchOnce(`/${asked.url}`, unpackNetwork).then(
      ({ layers }) => {
        this.network = { layers, rejectBelow: asked.rejectBelow };
        this.read();
      },
      () => (this.loaded = null),
    );
  }

  read() {
    find("send").disabled = find("undo").disabled = find("clear").disabled = this.sheet.isEmpty;
    const said = this.answer();
    find("digit").textContent = said.digit;
    paintWords(find("words"), said);
    [...find("bars").children].forEach((bar, digit) => {
      bar.style.setProperty("--share", (said.probabilities?.[digit] ?? 0).toFixed(3));
      bar.classList.toggle("first", digit === said.first);
    });
  }

  /* What the network says to the drawing, in words. */
  answer() {
    const nothing = { digit: "", headline: "", sentence: "" };
    if (this.sheet.isEmpty) return { ...nothing, sentence: HINT };
    if (!this.network) return nothing;
    const { image, problem } = normalizeInk(toGray(this.sheet.pixels()));
    if (problem) return { ...nothing, sentence: PROBLEMS[problem] };
    const probabilities = runNetwork(this.network.layers, image).at(-1);
    return { ...inWords(probabilities, this.network.rejectBelow), probabilities };
  }

  send() {
    if (this.sheet.isEmpty || !this.state) return;
    this.outbox.add({ phone: this.token, round: this.state.round, strokes: this.sheet.packed() });
    this.sheet.clear();
  }

  /* What became of what was sent. */
  tell(answer, waits) {
    if (!answer) this.note(NOTES.waiting);
    else if (answer.status === 200) this.welcome();
    else if (!waits && answer.said.reason === "unknown") this.forget(answer.said.sentence);
    else this.note(answer.said.sentence ?? NOTES.waiting);
  }

  /* The drawing has arrived: the next thing to do is to read what others drew. */
  welcome() {
    this.note(NOTES.sent);
    const isDrawing = !this.sheet.isEmpty || document.body.dataset.view !== "drawing";
    if (this.state?.task.kind === "fool" && !isDrawing) this.askForVote(true);
  }

  note(sentence) {
    clearTimeout(this.noted);
    find("note").textContent = sentence;
    find("note").classList.add("shown");
    this.noted = setTimeout(() => find("note").classList.remove("shown"), SHOWN_FOR);
  }

  /* Another phone's drawing, as long as there is one. */
  async askForVote(isQuiet = false) {
    const answer = await post(this.path("ballot"), { phone: this.token });
    this.ballot = answer?.status === 200 && answer.said.image ? answer.said : null;
    if (!this.ballot) {
      if (!isQuiet) this.note(NOTES.none);
      this.show("drawing");
      return;
    }
    paintPicture(find("ballot"), bytesOf(this.ballot.image));
    this.show("voting");
  }

  async vote(digit) {
    if (!this.ballot) return;
    const vote = { phone: this.token, drawing: this.ballot.number, digit };
    this.ballot = null;
    const answer = await post(this.path("votes"), vote);
    if (answer?.status !== 200) this.note(answer?.said.sentence ?? LOST);
    this.askForVote();
  }
}

new Phone().read();
