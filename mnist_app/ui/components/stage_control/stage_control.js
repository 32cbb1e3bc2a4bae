/* The speaker's keys. The browser counts scenes and steps by itself, so that quick keys are not lost,
   and tells the server; windows of the same browser tell each other. */

const CHANNEL = "mnist-lab-stage";
const KEPT = "mnist-lab-drawing";
const MOST_KEPT = 90_000; // characters: the server takes no longer message
const FORGOTTEN = 3000; // milliseconds after which a place that the server never showed is given up
const SECOND = 1000;
const SWIPE = 60; // CSS pixels
const EDGE = 0.06; // of the width: a tap there goes to the next or the last step
const NEXT = ["ArrowRight", "ArrowDown", "PageDown", " "];
const BACK = ["ArrowLeft", "ArrowUp", "PageUp"];

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".stage-control");
  const control = keptAt(root, () => new StageControl(root));
  control.tell = setTriggerValue;
  control.update(data);
  return whileShown(root, () => control.listen());
}

class StageControl {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector);
    this.typed = "";
    this.listeners = {
      keydown: (event) => this.press(event),
      pointermove: (event) => this.light(event),
      pointerdown: (event) => this.touch(event),
      pointerup: (event) => this.lift(event),
      click: (event) => this.leaveButton(event),
    };
  }

  /* Takes what the server shows. A place that was asked for since is still on its way. */
  update(data) {
    this.data = data;
    const isShown = this.asked?.scene === data.scene && this.asked.step === data.step;
    if (isShown || performance.now() - this.asked?.at > FORGOTTEN) this.asked = null;
    this.place = this.asked ?? { scene: data.scene, step: data.step };
    this.keep(data.drawing);
  }

  /* Returns what ends that. */
  listen() {
    this.channel = new BroadcastChannel(CHANNEL);
    this.channel.onmessage = ({ data }) => this.hear(data);
    for (const [name, listen] of Object.entries(this.listeners)) window.addEventListener(name, listen, true);
    if (this.data.isNotes) this.channel.postMessage({ asks: true });
    if (this.data.isNotes) this.ticking = setInterval(() => this.showTime(), SECOND);
    return () => {
      this.channel.close();
      clearInterval(this.ticking);
      for (const [name, listen] of Object.entries(this.listeners)) window.removeEventListener(name, listen, true);
    };
  }

  /* How long the speaker has been talking: since this window was opened. */
  showTime() {
    const seconds = Math.floor(performance.now() / SECOND);
    const clock = this.find(".clock");
    clock.hidden = false;
    clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  // Where it goes

  hear({ asks, lesson, scene, step }) {
    if (asks && !this.data.isNotes) this.broadcast();
    else if (lesson === this.data.lesson) this.ask({ scene, step });
  }

  broadcast() {
    const { scene, step } = this.place;
    this.channel.postMessage({ lesson: this.data.lesson, scene, step });
  }

  goTo(place) {
    this.ask(place);
    this.broadcast();
  }

  ask({ scene, step }) {
    if (scene === this.place.scene && step === this.place.step) return;
    this.asked = this.place = { scene, step, at: performance.now() };
    this.tell("went", { scene, step });
  }

  goOn() {
    const { scene, step } = this.place;
    const { steps } = this.data;
    if (step + 1 < steps[scene]) this.goTo({ scene, step: step + 1 });
    else if (scene + 1 < steps.length) this.goTo({ scene: scene + 1, step: 0 });
  }

  goBack() {
    const { scene, step } = this.place;
    if (step > 0) this.goTo({ scene, step: step - 1 });
    else if (scene > 0) this.goTo({ scene: scene - 1, step: this.data.steps[scene - 1] - 1 });
  }

  // Keys

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    const act = this.actOf(event.key);
    if (!act) return;
    // The canvas and the sliders have keys, too; here the speaker's come first.
    event.preventDefault();
    event.stopImmediatePropagation();
    act();
  }

  actOf(key) {
    if (NEXT.includes(key)) return () => this.goOn();
    if (BACK.includes(key)) return () => this.goBack();
    if (/^\d$/.test(key)) return () => this.type(this.typed + key);
    if (key === "Enter" && this.typed) return () => this.jump();
    const acts = {
      Home: () => this.goTo({ scene: 0, step: 0 }),
      End: () => this.goTo({ scene: this.data.steps.length - 1, step: 0 }),
      b: () => this.toggle(".black"),
      ".": () => this.toggle(".black"),
      s: () => this.toggle(".spotlight"),
      f: () => toggleFullScreen(),
      n: () => this.openNotes(),
      c: () => document.querySelector(".st-key-clear button")?.click(),
      e: () => document.querySelector(".st-key-example button")?.click(),
      Escape: () => this.escape(),
    };
    return acts[key.length === 1 ? key.toLowerCase() : key];
  }

  type(text) {
    this.typed = text.slice(-2);
    const number = this.find(".number");
    number.textContent = this.typed;
    number.hidden = !this.typed;
  }

  jump() {
    const scene = Number(this.typed) - 1;
    this.type("");
    if (scene >= 0 && scene < this.data.steps.length) this.goTo({ scene, step: 0 });
  }

  toggle(cover) {
    this.find(cover).hidden = !this.find(cover).hidden;
  }

  /* First what covers the stage, then the stage itself. */
  escape() {
    const covers = [".black", ".spotlight"].map(this.find).filter((cover) => !cover.hidden);
    if (this.typed) this.type("");
    else if (covers.length) covers[0].hidden = true;
    else if (this.data.isNotes) window.close();
    else document.querySelector(".st-key-talk_leave a")?.click();
  }

  openNotes() {
    if (this.data.isNotes) return;
    const address = new URL(location.href);
    address.searchParams.set("notes", "1");
    window.open(address, "mnist-lab-notes", "popup,width=1100,height=760");
  }

  // Pointer

  light({ clientX, clientY }) {
    const { style } = this.find(".spotlight");
    style.setProperty("--x", `${clientX}px`);
    style.setProperty("--y", `${clientY}px`);
  }

  /* What begins on the canvas or on something else to use is no sign to go on. */
  touch(event) {
    const isUsed = event.composedPath().some((one) => one.matches?.("canvas, button, a, input, label, svg, .grid, [role=application]"));
    this.began = event.pointerType === "mouse" || isUsed ? null : { x: event.clientX, y: event.clientY };
  }

  lift({ clientX, clientY }) {
    if (!this.began) return;
    const [across, down] = [clientX - this.began.x, clientY - this.began.y];
    this.began = null;
    const isTap = Math.hypot(across, down) < 10;
    if (Math.abs(across) > SWIPE && Math.abs(across) > 2 * Math.abs(down)) across < 0 ? this.goOn() : this.goBack();
    else if (isTap && clientX > innerWidth * (1 - EDGE)) this.goOn();
    else if (isTap && clientX < innerWidth * EDGE) this.goBack();
  }

  /* A button that was clicked would take the space bar. */
  leaveButton(event) {
    const button = event.composedPath()[0].closest?.("button");
    if (button) setTimeout(() => button.blur());
  }

  // The drawing

  /* Keeps the drawing in this window; a new session, after a reload or a lost connection, gets it. */
  keep(drawing) {
    if (this.data.isNotes) return;
    try {
      if (drawing) {
        this.hasBrought = false;
        const text = JSON.stringify(drawing);
        if (text.length <= MOST_KEPT) sessionStorage.setItem(KEPT, text);
      } else if (!this.hasBrought && sessionStorage.getItem(KEPT)) {
        this.hasBrought = true;
        const kept = JSON.parse(sessionStorage.getItem(KEPT));
        // After this run of the script: a trigger within it is lost.
        setTimeout(() => this.tell("kept", kept));
      }
    } catch (error) {
      console.warn("The drawing is not kept over a reload:", error);
    }
  }
}

function isTyping(event) {
  const [target] = event.composedPath();
  return Boolean(target.matches?.("input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable]"));
}

function toggleFullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.();
}
