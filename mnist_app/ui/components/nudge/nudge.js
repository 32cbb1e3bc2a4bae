/* Five buttons that shift the digit: the network in the browser is told at once, the server when
   the visitor pauses. */

const PAUSE = 250; // milliseconds

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".nudge");
  const pad = keptAt(root, () => ({ sending: 0 }));
  if (!pad.sending) Object.assign(pad, { down: data.down, right: data.right });
  const show = () => (root.querySelector(".back").textContent = `${pad.right}, ${pad.down}`.replace(/-/g, "−"));
  root.onclick = ({ target }) => {
    if (target.tagName !== "BUTTON") return;
    Object.assign(pad, shiftedBy(pad, target.dataset, data.most));
    show();
    document.dispatchEvent(new CustomEvent(PREPARE_CHANGED, { detail: { down: pad.down, right: pad.right } }));
    clearTimeout(pad.sending);
    pad.sending = setTimeout(() => {
      pad.sending = 0;
      setTriggerValue("shifted", { down: pad.down, right: pad.right });
    }, PAUSE);
  };
  show();
}

/* A step further, at most `most` pixels away; back to the middle without a step. */
function shiftedBy({ down, right }, step, most) {
  if (step.down === undefined) return { down: 0, right: 0 };
  const within = (value) => Math.min(most, Math.max(-most, value));
  return { down: within(down + Number(step.down)), right: within(right + Number(step.right)) };
}
