/* A slider that tells the networks in the browser its value while it moves, and the server on release;
   beside it the corrupted digit. Answers that go wrong by the corruption turn orange. */

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".corruption");
  const find = (name) => root.querySelector(name);
  const slider = find("input");
  Object.assign(slider, { min: data.low, max: data.high, step: data.step });
  slider.value = data.strength;
  slider.setAttribute("aria-label", data.unit[0].toUpperCase() + data.unit.slice(1));
  find(".unit").textContent = data.unit;
  find(".low").textContent = asText(data.low);
  find(".high").textContent = asText(data.high);
  find("canvas").setAttribute("aria-label", `${data.title}: the digit as the networks get it`);
  showValue(find, slider);
  slider.oninput = () => {
    showValue(find, slider);
    tellStrength(slider.valueAsNumber);
  };
  slider.onchange = () => setTriggerValue("strength", slider.valueAsNumber);
  const context = find("canvas").getContext("2d");
  paintGray(context, bytesOf(data.image));
  const follow = ({ prepared, results, unprepared }) => {
    paintGray(context, prepared);
    markWrong(results, digitOfMost(unprepared));
  };
  return whileShown(root, () => whileDrawing(follow));
}

function tellStrength(strength) {
  document.dispatchEvent(new CustomEvent(PREPARE_CHANGED, { detail: { strength } }));
}

function showValue(find, slider) {
  find(".value").textContent = asText(slider.valueAsNumber);
}

function asText(value) {
  return String(value).replace("-", "−");
}

function paintGray(context, image) {
  paintGray.pixels ??= new ImageData(28, 28);
  const { data } = paintGray.pixels;
  for (let at = 0; at < image.length; at++) {
    data[4 * at] = data[4 * at + 1] = data[4 * at + 2] = image[at];
    data[4 * at + 3] = 255;
  }
  context.putImageData(paintGray.pixels, 0, 0);
}

/* The digit that most networks read; of two that as many read, the smaller one. -1 for none. */
function digitOfMost(results) {
  const votes = Array(10).fill(0);
  for (const { probabilities } of Object.values(results)) votes[likeliest(probabilities)]++;
  return Object.keys(results).length ? likeliest(votes) : -1;
}

function likeliest(values) {
  return values.indexOf(Math.max(...values));
}

/* As the page does it after each stroke: no digit at all is not another digit. */
function markWrong(results, digit) {
  for (const key of Object.keys(results)) {
    for (const answer of document.querySelectorAll(`[data-answer][data-live="${key}"]`)) {
      const said = answer.dataset.digit;
      answer.classList.toggle("lab-wrong", digit >= 0 && said !== "" && Number(said) !== digit);
    }
  }
}
