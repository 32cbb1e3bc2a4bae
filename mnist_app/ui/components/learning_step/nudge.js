/* The loss over one weight, with the tangent that the gradient promises. */

const [LEFT, RIGHT, TOP, BOTTOM] = [44, 312, 8, 126];

class NudgeCurve {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector);
    this.find("input").addEventListener("input", () => this.read());
  }

  show({ nudged, losses, value, gradient }) {
    this.shown = { nudged, losses, value, gradient };
    const middle = nudged.length >> 1;
    const [low, high] = [Math.min(...losses), Math.max(...losses)];
    const spread = high - low || 1;
    const across = (weight) => LEFT + ((weight - nudged[0]) / (nudged.at(-1) - nudged[0])) * (RIGHT - LEFT);
    const up = (loss) => BOTTOM - ((loss - low) / spread) * (BOTTOM - TOP);
    this.place = (at) => [across(nudged[at]), up(losses[at])];
    const curve = nudged.map((weight, at) => this.place(at).map((one) => one.toFixed(1)).join()).join(" ");
    const ends = [nudged[0], nudged.at(-1)].map((weight) => [across(weight), up(losses[middle] + gradient * (weight - value))]);
    this.find("svg").innerHTML =
      `<defs><clipPath id="frame"><rect x="${LEFT}" y="${TOP - 4}" width="${RIGHT - LEFT}" height="${BOTTOM - TOP + 8}"/></clipPath></defs>` +
      `<line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${BOTTOM + 4}" y2="${BOTTOM + 4}"/>` +
      `<polyline class="curve" points="${curve}"/>` +
      `<line class="tangent" clip-path="url(#frame)" x1="${ends[0][0]}" y1="${ends[0][1]}" x2="${ends[1][0]}" y2="${ends[1][1]}"/>` +
      `<circle r="6" fill="#ff4fd8" stroke="#000"/>` +
      `<text x="${LEFT - 4}" y="${TOP + 6}" text-anchor="end">${significant(high)}</text>` +
      `<text x="${LEFT - 4}" y="${BOTTOM + 4}" text-anchor="end">${significant(low)}</text>` +
      `<text x="${LEFT}" y="146">${significant(nudged[0])}</text>` +
      `<text x="${RIGHT}" y="146" text-anchor="end">${significant(nudged.at(-1))}</text>` +
      `<text x="${(LEFT + RIGHT) / 2}" y="146" text-anchor="middle">weight</text>`;
    const slider = this.find("input");
    slider.max = nudged.length - 1;
    slider.value = middle;
    this.read();
  }

  /* Where the slider stands: what the loss is there, and what the tangent says. */
  read() {
    const { nudged, losses, value, gradient } = this.shown;
    const at = Number(this.find("input").value);
    const [x, y] = this.place(at);
    const point = this.find("circle");
    point.setAttribute("cx", x);
    point.setAttribute("cy", y);
    const middle = losses[nudged.length >> 1];
    const promised = middle + gradient * (nudged[at] - value);
    this.find(".read").textContent =
      `At ${significant(nudged[at])} the loss is ${significant(losses[at], 5)}. The tangent says ${significant(promised, 5)}.`;
    this.find("svg").setAttribute("aria-label", `The loss over the weight. ${this.find(".read").textContent}`);
  }
}
