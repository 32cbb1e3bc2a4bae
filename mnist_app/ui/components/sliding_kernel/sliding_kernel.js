/* An image, a kernel to edit and its result, all at once while one types, draws or plays; below them
   the kernels that the network has learned. The server sends the digit, and is told afterwards. */

const REPORT_AFTER = 500; // milliseconds without a key after which what was typed is sent

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".bench");
  const bench = keptAt(root, () => new Bench(root, data.chosen));
  bench.send = setStateValue;
  bench.update(data);
  return whileShown(root, () => bench.follow());
}

class Bench {
  constructor(root, chosen) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.chosen = chosen;
    this.kernels = new Kernels();
    this.source = null;
    this.place = null; // row and column of the output
    this.cells = new Cells(this.find(".cells"), {
      type: (place, text) => this.type(place, text),
      leave: () => this.report(),
    });
    this.strip = new Strip(this.find(".tiles"), {
      pick: (number) => this.choose({ learned: number }),
      mute: (number) => this.mute(number),
    });
    this.stage = new Stage(root, this.cells);
    this.walk = new Walk(() => this.showStep());
    this.observer = new ResizeObserver(() => this.arrange());
    this.offerChoices();
    this.listen();
  }

  /* Takes what the server read. While it waits for its own network, learned kernels stay. */
  update(data) {
    const learned = data.learned ?? (data.awaited ? this.learned : null);
    const isOtherTurn = data.turn !== this.turn;
    if (isOtherTurn) Object.assign(this, { turn: data.turn, chosen: data.chosen, place: null });
    if (learned?.name !== this.learned?.name) {
      this.source = null;
      this.kernels.learn(learned, data.edited);
    }
    this.learned = learned;
    this.awaited = data.awaited;
    this.image = Float32Array.from(bytesOf(data.image));
    if (data.learned) this.source = new Float32Array(bytesOf(learned.source).buffer);
    this.find(".learned").hidden = !learned && !data.awaited;
    this.find(".learned").style.visibility = learned ? "visible" : "hidden";
    setText(this.find(".head span"), learned ? `${learned.kernels.length} kernels, learned in ${learned.layer}: click one to open it, its map to mute it.` : "");
    this.arrange();
    this.show();
    if (isOtherTurn) this.begin(data.starts);
    // The network knows by now what the server knows; what was changed since, it is told again.
    if (!this.kernels.areKnown(data.edited, this.learnedNames())) setTimeout(() => this.tellNetwork());
  }

  /* The number of the learned kernel that slides; null for a well-known one. */
  get number() {
    const { learned } = this.chosen;
    return learned !== null && learned < (this.learned?.kernels.length ?? 0) ? learned : null;
  }

  /* Follows the pen and the size of the place; returns what ends that. */
  follow() {
    const end = whileDrawing((seen) => this.see(seen));
    this.observer.observe(this.root);
    return () => {
      end();
      this.observer.disconnect();
      this.walk.pause();
      this.showPlayer();
    };
  }

  /* What the pen has drawn so far. */
  see({ image, results }) {
    this.image = Float32Array.from(image);
    this.source = results.trained?.outputs[this.learned?.before]?.values ?? this.source;
    this.compute();
  }

  offerChoices() {
    const offer = (parent, words, choice) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = words;
      button.choice = choice;
      button.addEventListener("click", () => this.choose({ ...choice, learned: null }));
      this.find(parent).append(button);
    };
    for (const preset of Object.keys(PRESETS)) offer(".presets", preset, { preset });
    for (const side of Object.keys(Object.values(PRESETS)[0].kernels)) offer(".sides", `${side} × ${side}`, { side: Number(side) });
    for (const padding of PADDINGS) offer(".paddings", padding, { padding });
    const stride = this.find("[name=stride]");
    stride.max = LARGEST_STRIDE;
    stride.addEventListener("input", () => this.choose({ stride: Number(stride.value) }));
  }

  listen() {
    for (const kind of ["input", "output"]) {
      const grid = this.find(`.${kind} .grid`);
      for (const name of ["pointermove", "pointerdown"]) grid.addEventListener(name, (event) => this.point(grid, kind, event));
      grid.addEventListener("keydown", (event) => this.press(event));
    }
    const does = {
      ".start": () => this.startOver(),
      ".back": () => this.step(-1),
      ".play": () => this.playOrPause(),
      ".next": () => this.step(1),
      ".end": () => this.finish(),
      ".reset": () => this.change(() => this.kernels.reset(this.kernel.name)),
      ".alone": () => this.muteOthers(),
      ".reset-all": () => this.change(() => this.learnedNames().forEach((name) => this.kernels.reset(name))),
    };
    for (const [name, act] of Object.entries(does)) this.find(name).addEventListener("click", act);
  }

  // Which kernel

  choose(choice) {
    this.chosen = { ...this.chosen, ...choice };
    this.show();
    this.send("chosen", this.chosen);
  }

  learnedNames() {
    const { learned } = this;
    return learned ? learned.kernels.map((_, number) => `${learned.name} ${number}`) : [];
  }

  /* What slides over what, and how. */
  chosenKernel() {
    const { preset, side, stride, padding } = this.chosen;
    const { learned, number } = this;
    if (number === null) {
      const input = { rows: 28, columns: 28, values: this.image };
      return { name: `${preset} ${side}`, title: "Kernel", input, side, stride, padding, scale: PIXELS };
    }
    const input = this.learnedInput();
    return { ...learned, name: `${learned.name} ${number}`, title: `Kernel ${number}`, input, scale: SHARES };
  }

  learnedInput() {
    const [rows, columns] = this.learned.shape;
    return { rows, columns, values: this.source ?? new Float32Array(rows * columns) };
  }

  // What the visitor changes

  type(place, text) {
    if (text !== null) this.kernels.type(this.kernel.name, place, text);
    this.showKernels();
    this.compute();
    this.tellNetwork();
    clearTimeout(this.reporting);
    this.reporting = setTimeout(() => this.report(), REPORT_AFTER);
  }

  report() {
    clearTimeout(this.reporting);
    if (this.root.isConnected) this.send("edited", this.kernels.sent());
  }

  /* Kernels change by other means than typing. */
  change(act) {
    act();
    this.showCells();
    this.showKernels();
    this.compute();
    this.tellNetwork();
    this.report();
  }

  mute(number) {
    const name = this.learnedNames()[number];
    this.change(() => (this.kernels.isMuted(name) ? this.kernels.reset(name) : this.kernels.mute(name)));
  }

  muteOthers() {
    const names = this.learnedNames();
    const own = names[this.number];
    this.change(() => {
      names.filter((name) => name !== own).forEach((name) => this.kernels.mute(name));
      if (this.kernels.isMuted(own)) this.kernels.reset(own);
    });
  }

  /* The network with these changes answers at once, see live.js. */
  tellNetwork() {
    const { learned } = this;
    if (!learned) return;
    const edited = this.learnedNames().map((name) => this.kernels.isEdited(name) && this.kernels.now(name));
    const kernels = Object.fromEntries(
      edited.flatMap((kernel, number) => (kernel ? [[number, { values: [...kernel.weights], bias: kernel.bias }]] : [])),
    );
    const changes = edited.some(Boolean) ? { kernels: { [learned.layer]: kernels } } : null;
    document.dispatchEvent(new CustomEvent(NETWORK_CHANGED, { detail: { key: "changed", changes } }));
  }

  // What is shown

  /* Shows another kernel, or another way of sliding. */
  show() {
    const before = this.kernel;
    this.kernel = this.chosenKernel();
    const { name, side, stride, padding, input } = this.kernel;
    this.how = slidingWindow(input, side, stride, padding);
    const isOther = !before || ["name", "side", "stride", "padding"].some((key) => before[key] !== this.kernel[key]);
    if (isOther) this.walk.close();
    if (before?.name !== name) this.showCells();
    this.showChoices();
    this.showKernels();
    this.compute();
  }

  showChoices() {
    const { side, stride, padding } = this.kernel;
    const isLearned = this.number !== null;
    const shown = { preset: isLearned ? "" : this.chosen.preset, side, padding };
    for (const button of this.root.querySelectorAll(".presets button, .choice button")) {
      const [[key, value]] = Object.entries(button.choice);
      button.setAttribute("aria-pressed", shown[key] === value);
      button.disabled = isLearned && key !== "preset";
    }
    const slider = this.find("[name=stride]");
    slider.value = stride;
    slider.disabled = isLearned;
    setText(this.find("label output"), stride);
    this.find(".alone").disabled = !isLearned;
  }

  showCells() {
    const { title, side, name } = this.kernel;
    this.cells.show(title, side, this.kernels.now(name).weights);
    const word = this.number === null ? this.chosen.preset : `${title} of ${this.learned.layer}`;
    setText(this.find(".kernel figcaption span"), word);
  }

  /* Everything anew, of the kernels and the digit as they are now. */
  compute() {
    this.kernel = this.chosenKernel();
    const { input, name, scale, function: activation = "" } = this.kernel;
    const isLearned = this.number !== null;
    const kernel = this.kernels.now(name);
    const { rows, columns } = this.how;
    this.output = { rows, columns, values: convolved(input, this.how, { ...kernel, activation }, this.how) };
    const mapScale = this.paintMaps();
    this.stage.show({
      input,
      scale,
      how: this.how,
      kernel: { ...kernel, scale: aroundZero([kernel.weights]) },
      output: this.output,
      outputScale: isLearned ? mapScale : scaleOfResult(this.output.values),
      titles: {
        input: `${isLearned ? "Your digit, 0 to 1" : "Your digit"}: ${input.rows} × ${input.columns}`,
        output: `${isLearned ? `Map ${this.number}` : "Result"}: ${rows} × ${columns}`,
      },
      learned: isLearned ? this.kernel : null,
    });
    this.place = within(this.place ?? largestIn(this.output), this.output);
    this.showStep();
  }

  /* What each learned kernel makes of the digit; returns the maps' scale. */
  paintMaps() {
    const { learned } = this;
    if (!learned || !this.source) return aroundZero([]);
    const input = this.learnedInput();
    const how = slidingWindow(input, learned.side, learned.stride, learned.padding);
    const maps = this.learnedNames().map((name) => ({
      rows: how.rows,
      columns: how.columns,
      values: convolved(input, how, { ...this.kernels.now(name), activation: learned.function }, how),
    }));
    const scale = aroundZero(maps.map(({ values }) => values));
    this.strip.paintMaps(maps, scale);
    return scale;
  }

  /* What changes with the kernels and not with the digit. */
  showKernels() {
    const { learned } = this;
    const names = this.learnedNames();
    const state = (name) => ({ ...this.kernels.now(name), isMuted: this.kernels.isMuted(name), isEdited: this.kernels.isEdited(name) });
    if (learned) this.strip.paintKernels(names.map(state), learned.side, this.number);
    this.find(".reset-all").disabled = !names.some((name) => this.kernels.isEdited(name));
    this.find(".reset").style.visibility = this.kernels.isEdited(this.kernel.name) ? "visible" : "hidden";
    const problem = this.cells.problem();
    const text = this.find(".sentence");
    text.classList.toggle("trouble", problem !== "");
    setText(text, problem || sentenceOn(this.chosen.preset, this.number, this.kernels.isMuted(this.kernel.name)));
  }

  // The window

  /* The result as far as it has come, and the window where it stands. */
  showStep() {
    if (this.walk.isOpen) this.place = placeAt(this.walk.place(), this.output);
    this.stage.showStep(this.place, this.walk);
    this.showPlayer();
  }

  point(grid, kind, event) {
    if (this.walk.isOpen && event.type !== "pointerdown") return;
    const box = grid.getBoundingClientRect();
    const down = (event.clientY - box.top) / box.height;
    const across = (event.clientX - box.left) / box.width;
    this.walk.close();
    this.moveTo(kind === "output" ? valueUnder(down, across, this.output) : windowUnder(down, across, this.kernel.input, this.how));
  }

  press(event) {
    const { rows, columns } = this.output;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    if (event.key === " ") this.playOrPause();
    else if (event.key === "Home") this.moveTo([0, 0]);
    else if (event.key === "End") this.moveTo([rows - 1, columns - 1]);
    else if (!steps[event.key]) return;
    else if (!this.walk.isOpen) this.moveTo(movedByKey(event.key, ...this.place));
    else if (event.key === "ArrowRight") this.step(1);
    else this.fillBy(steps[event.key]);
    event.preventDefault();
  }

  moveTo(place) {
    this.walk.close();
    this.place = within(place, this.output);
    cancelAnimationFrame(this.moving);
    this.moving = requestAnimationFrame(() => {
      this.showStep();
      this.stage.announce();
    });
  }

  // Play

  /* How a lesson shows the result at first: whole, empty, or filling. */
  begin(starts) {
    if (starts === "whole") this.walk.close();
    else this.startOver();
    if (starts === "playing") this.walk.play();
    this.showStep();
  }

  startOver() {
    const { input } = this.kernel;
    const { rows, columns } = this.output;
    const seen = Array.from({ length: rows * columns }, (_, place) =>
      windowPlaces(input, this.how, ...placeAt(place, this.output)).filter((at) => at !== null && input.values[at]),
    );
    // Where there is something to explain: half of the window is ink.
    const first = seen.findIndex(({ length }) => length > this.kernel.side ** 2 / 2);
    this.walk.open(rows * columns, Math.max(0, first));
    this.showStep();
  }

  playOrPause() {
    if (this.walk.isRunning && !this.walk.run.isStep) {
      this.walk.pause();
      this.stage.announce();
    } else {
      if (!this.walk.isOpen) this.startOver();
      this.walk.play();
    }
    this.showPlayer();
  }

  step(count) {
    if (!this.walk.isOpen) {
      const { rows, columns } = this.output;
      const at = this.place[0] * columns + this.place[1] + count + rows * columns;
      this.moveTo(placeAt(at % (rows * columns), this.output));
    } else if (count < 0 || this.stage.reducesMotion.matches) {
      this.fillBy(count);
    } else {
      this.walk.step();
    }
    this.showPlayer();
  }

  fillBy(count) {
    this.walk.fillTo(this.walk.filled + count);
    this.showStep();
    this.stage.announce();
  }

  finish() {
    this.walk.close();
    this.showStep();
    this.stage.announce();
  }

  showPlayer() {
    const isPlaying = this.walk.isRunning && !this.walk.run.isStep;
    setText(this.find(".play"), isPlaying ? "❚❚ Pause" : "▶ Play");
    this.find(".end").disabled = !this.walk.isOpen;
  }

  arrange() {
    const count = this.learned?.kernels.length ?? this.awaited;
    const high = count ? this.strip.arrange(count, this.find(".tiles").clientWidth) : 0;
    this.root.style.setProperty("--strip", `${high}px`);
    if (this.output) this.stage.showLinks();
  }
}
