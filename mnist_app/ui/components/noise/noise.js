/* Noise of many strengths came at once: the slider only chooses which is shown. */

const SIDE = 28;
const TIMES = 10;

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".noise");
  const images = bytesOf(data.images);
  const slider = root.querySelector("input");
  slider.max = data.strengths.length - 1;
  const state = keptAt(root, () => ({ at: null }));
  slider.value = state.at ?? firstThatFools(data);
  slider.oninput = () => {
    state.at = slider.valueAsNumber;
    show(root, data, images, state.at);
  };
  show(root, data, images, slider.valueAsNumber);
}

/* The weakest noise with which the first network says what was wanted, else anything but what it said
   without noise; the strongest for none. */
function firstThatFools({ networks: [first], wanted }) {
  const said = first.probabilities.map((_, at) => saidBy(first, at));
  const found = [said.indexOf(wanted), said.findIndex((digit) => digit !== said[0])];
  return found.find((at) => at >= 0) ?? said.length - 1;
}

/* The digit; null where the network finds none: its two likeliest have too little together. */
function saidBy({ probabilities, rejectBelow }, at) {
  const [first, second] = [...probabilities[at]].sort((one, other) => other - one);
  return first + second < rejectBelow ? null : probabilities[at].indexOf(first);
}

function show(root, data, images, at) {
  const image = images.subarray(at * SIDE * SIDE, (at + 1) * SIDE * SIDE);
  const [seen, difference] = root.querySelectorAll("canvas");
  seen.getContext("2d").putImageData(imageOf(image, paletteOf("gray"), SIDE, SIDE), 0, 0);
  const change = Float32Array.from(image, (value, place) => TIMES * (value - images[place]));
  const indices = indicesOn(change, { low: -255, high: 255, stretched: false });
  difference.getContext("2d").putImageData(imageOf(indices, paletteOf("diverging"), SIDE, SIDE), 0, 0);
  const strength = data.strengths[at];
  root.querySelector(".value").textContent = `Each pixel changes by at most ${strength} of 255.`;
  root.querySelector("input").setAttribute("aria-valuetext", `${strength} of 255`);
  root.querySelector(".said").textContent = inWords(data, at);
  root.querySelector(".networks").replaceChildren(...data.networks.map((network) => rowOf(network, data.wanted, at)));
}

function inWords({ networks: [first, ...others], wanted }, at) {
  const said = saidBy(first, at);
  if (said === null) return `${first.title} finds no digit any more, and does not say ${wanted}.`;
  if (said !== wanted) return `${first.title} says ${said}, not ${wanted}. Stronger noise may change that.`;
  const fooled = others.filter((one) => saidBy(one, at) === wanted).length;
  const who = fooled === 0 ? "none falls" : fooled === 1 ? "one falls" : `${fooled} fall`;
  return `${first.title} says ${wanted}. Of ${others.length} other networks, ${who} for the same noise.`;
}

function rowOf(network, wanted, at) {
  const digit = saidBy(network, at);
  const sure = Math.max(...network.probabilities[at]);
  const row = document.createElement("div");
  row.className = digit === wanted ? "row fooled" : "row";
  row.innerHTML = "<span></span><b></b><i></i><span></span>";
  const [name, share] = row.querySelectorAll("span");
  name.style.textAlign = "left";
  name.textContent = network.title;
  row.querySelector("b").textContent = digit ?? "–";
  row.querySelector("i").style.setProperty("--share", digit === null ? 0 : sure);
  share.textContent = digit === null ? "no digit" : percent(sure);
  return row;
}
