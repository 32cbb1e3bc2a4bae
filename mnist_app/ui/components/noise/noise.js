/* Noise of many strengths came at once: the slider only chooses which is shown. */

const SIDE = 28;
const TIMES = 10;

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".noise");
  const images = bytesOf(data.images);
  const slider = root.querySelector("input");
  slider.max = data.strengths.length - 1;
  const state = keptAt(root, () => ({ at: firstThatFools(data) }));
  slider.value = Math.min(state.at, data.strengths.length - 1);
  slider.oninput = () => {
    state.at = slider.valueAsNumber;
    show(root, data, images, state.at);
  };
  show(root, data, images, slider.valueAsNumber);
}

/* The weakest noise with which the first network says what was wanted; the strongest for none. */
function firstThatFools({ networks: [first], wanted }) {
  const at = first.probabilities.findIndex((shares) => likeliest(shares) === wanted);
  return at < 0 ? first.probabilities.length - 1 : at;
}

function likeliest(values) {
  return values.indexOf(Math.max(...values));
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
  if (likeliest(first.probabilities[at]) !== wanted) return `${first.title} does not say ${wanted} yet. Make the noise stronger.`;
  const fooled = others.filter((one) => likeliest(one.probabilities[at]) === wanted).length;
  const who = fooled === 0 ? "none falls" : fooled === 1 ? "one falls" : `${fooled} fall`;
  return `${first.title} says ${wanted}. Of ${others.length} other networks, ${who} for the same noise.`;
}

function rowOf({ title, probabilities }, wanted, at) {
  const shares = probabilities[at];
  const digit = likeliest(shares);
  const row = document.createElement("div");
  row.className = digit === wanted ? "row fooled" : "row";
  row.innerHTML = "<span></span><b></b><i></i><span></span>";
  const [name, share] = row.querySelectorAll("span");
  name.style.textAlign = "left";
  name.textContent = title;
  row.querySelector("b").textContent = digit;
  row.querySelector("i").style.setProperty("--share", shares[digit]);
  share.textContent = percent(shares[digit]);
  return row;
}
