/* One step of learning in four scenes: forward, loss, backward, update; and one weight in numbers. */

const SCENES = ["forward", "loss", "backward", "update"];

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".learning");
  const step = keptAt(root, () => new LearningStep(root));
  step.tell = { setStateValue, setTriggerValue };
  step.update(data);
}

class LearningStep {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.curve = new NudgeCurve(this.find(".nudge"));
    this.columns = [];
    for (const button of root.querySelectorAll(".scenes > button")) {
      button.addEventListener("click", () => this.goTo(button.dataset.scene));
      button.addEventListener("keydown", (event) => this.press(event));
    }
    this.slider.addEventListener("input", () => {
      this.isMoved = true;
      this.showAttempt();
      this.showNewValue();
    });
    this.find(".take").addEventListener("click", () => this.take());
    this.find(".rows").replaceChildren(...Array.from({ length: 10 }, (_, digit) => newRow(digit)));
  }

  get slider() {
    return this.find(".update input");
  }

  get rate() {
    return this.data.rates[Number(this.slider.value)];
  }

  async update(data) {
    this.data = data;
    if (data.turn !== this.turn) this.show(data.begins);
    this.turn = data.turn;
    this.slider.max = data.rates.length - 1;
    if (!this.isMoved) this.slider.value = data.rates.length >> 1;
    if (this.columns.length !== data.columns.length || this.network !== data.network) this.build();
    this.showAnswer();
    this.showAttempt();
    this.find(".weight").hidden = !data.weight;
    if (data.weight) this.showWeight(data.weight);
    const indices = await inflated(data.indices);
    if (data === this.data) this.paint(indices);
  }

  build() {
    this.network = this.data.network;
    const count = this.data.columns.length;
    this.columns = this.data.columns.map((column, at) => {
      const figure = document.createElement("figure");
      figure.innerHTML =
        '<figcaption><b></b></figcaption><canvas class="activation" role="img"></canvas><canvas class="error" role="img"></canvas>';
      figure.querySelector("b").textContent = column.title;
      figure.querySelector("figcaption").title = column.size;
      figure.classList.toggle("learns", column.learns);
      figure.style.setProperty("--wait", count - 1 - at);
      const canvases = [...figure.querySelectorAll("canvas")];
      canvases.forEach((canvas, row) => {
        canvas.setAttribute("aria-label", `${row ? "Gradient" : "Activation"} of ${column.title}`);
        canvas.addEventListener("click", (event) => this.pick(at, canvas, event));
      });
      return { figure, canvases };
    });
    this.find(".columns").replaceChildren(...this.columns.map(({ figure }) => figure));
  }

  goTo(scene) {
    this.show(scene);
    this.tell.setStateValue("scene", scene);
  }

  show(scene) {
    this.scene = scene;
    this.root.dataset.scene = scene;
    for (const button of this.root.querySelectorAll(".scenes > button")) {
      button.setAttribute("aria-pressed", button.dataset.scene === scene);
    }
    this.say();
  }

  press(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = SCENES[SCENES.indexOf(this.scene) + by];
    if (!next) return;
    event.preventDefault();
    this.goTo(next);
    this.find(`.scenes [data-scene="${next}"]`).focus();
  }

  say() {
    this.find(".said").textContent = this.data.words[this.scene];
  }

  paint(indices) {
    let from = 0;
    this.data.columns.forEach((column, at) => {
      const size = column.count * column.rows * column.columns;
      for (const canvas of this.columns[at].canvases) {
        paintTiles(canvas, column, indices.subarray(from, from + size));
        from += size;
      }
      this.columns[at].figure.classList.toggle("picked", column.name === this.data.weight?.column);
    });
    const { activations, errors } = this.data.limits;
    this.find(".legend .activations").textContent = `Above: activations, blue −${significant(activations)} to orange ${significant(activations)}`;
    this.find(".legend .errors").textContent = `Below: gradients of the loss, −${significant(errors)} to ${significant(errors)}`;
  }

  pick(at, canvas, event) {
    const column = this.data.columns[at];
    const place = column.learns && placeUnder(canvas, column, event);
    if (place) this.tell.setTriggerValue("picked", { name: column.name, tile: place.tile });
  }

  showAnswer() {
    const { probabilities, slopes, label } = this.data;
    const limit = Math.max(...slopes.map(Math.abs)) || 1;
    [...this.find(".rows").children].forEach((row, digit) => {
      row.classList.toggle("label", digit === label);
      row.querySelector(".before").style.setProperty("--share", probabilities[digit]);
      row.querySelector(".share").textContent = percent(probabilities[digit]);
      const slope = row.querySelector(".slope");
      slope.textContent = slopes[digit].toFixed(2).replace("-", "−");
      fill(slope, colorAt(paletteOf("diverging"), indexOn(slopes[digit], { low: -limit, high: limit })));
    });
    this.find(".digits .heading").textContent = `It is a ${label}: loss ${significant(this.data.loss)}`;
    this.say();
  }

  /* What a step of the size at the slider would do. */
  showAttempt() {
    const { attempts } = this.data;
    this.find(".take").disabled = !attempts;
    if (!attempts) return;
    const at = Number(this.slider.value);
    this.find(".update output").textContent = significant(this.rate);
    this.slider.setAttribute("aria-valuetext", significant(this.rate));
    [...this.find(".rows").children].forEach((row, digit) => {
      row.querySelector(".after").style.setProperty("--share", attempts.probabilities[at][digit]);
    });
    this.find(".outcome").textContent = attempts.words[at];
  }

  take() {
    this.isMoved = true;
    this.tell.setTriggerValue("stepped", this.rate);
  }

  /* What a step of the size at the slider makes of the weight. */
  showNewValue() {
    const { weight } = this.data;
    if (!weight) return;
    const { value, gradient } = weight;
    const factor = gradient < 0 ? `(${significant(gradient)})` : significant(gradient);
    this.find(".sum .new").textContent =
      `After a step of ${significant(this.rate)}: ${significant(value, 5)} − ${significant(this.rate)} × ${factor} = ${significant(value - this.rate * gradient, 5)}.`;
  }

  showWeight(weight) {
    const [name, how] = weight.sentences;
    this.find(".sum .name").textContent = name;
    this.find(".sum .how").textContent = how;
    this.showNewValue();
    const pick = (number) => this.tell.setTriggerValue("neighbor", number);
    const { neighbors, neighborGradients, inputs, errors, products } = weight;
    const own = [figureOf("Weights", neighbors, pick), figureOf("Gradients", neighborGradients, pick)];
    const made = inputs.shape.length ? [figureOf("Input", inputs), figureOf("× error", errors), figureOf("= product", products)] : [];
    this.find(".pictures").replaceChildren(...own, ...made);
    this.curve.show(weight);
  }
}

function newRow(digit) {
  const row = document.createElement("div");
  row.className = "row";
  row.innerHTML = `<b>${digit}</b><div class="bars"><i class="before"></i><i class="after"></i></div><span class="share"></span><span class="slope"></span>`;
  return row;
}

/* The bytes that the server compressed with zlib. */
async function inflated(base64) {
  const stream = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
