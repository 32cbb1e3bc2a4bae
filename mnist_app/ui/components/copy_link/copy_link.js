/* Asks the server for the address of what is on the screen, and copies it or hands it on. The
   clipboard is closed to pages without HTTPS, as on a phone in a lecture hall: then the address is
   shown, picked, to be copied by hand. */

const SHOWN = 2500; // milliseconds that it says that the link was copied
const PATIENCE = 10000; // milliseconds until it stops waiting for the server
const NAME = "Copy link";

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".copy-link");
  const own = keptAt(root, () => new CopyLink(root));
  own.want = () => setTriggerValue("wanted", true);
  own.update(data);
}

class CopyLink {
  constructor(root) {
    this.root = root;
    this.asked = 0; // how often the server had been asked when it sent something last
    this.arrived = null; // takes the address that is waited for
    root.querySelector("button").onclick = () => this.copy();
    root.querySelector("input").onblur = () => (root.querySelector(".by-hand").hidden = true);
    root.querySelector("input").onkeydown = ({ key }) => key === "Escape" && this.root.querySelector("button").focus();
  }

  update({ query, asked }) {
    const isNew = asked !== this.asked;
    this.asked = asked;
    if (isNew) this.arrived?.(`${location.origin}${location.pathname}${query}`);
  }

  async copy() {
    const link = new Promise((arrived, fail) => {
      this.arrived = arrived;
      setTimeout(fail, PATIENCE);
    });
    this.want();
    try {
      if (await handOn(link)) this.say("Link copied");
    } catch {
      link.then((text) => this.showToCopy(text)).catch(() => this.say("No link: the server does not answer"));
    }
  }

  say(sentence) {
    const button = this.root.querySelector("button");
    for (const place of this.root.querySelectorAll("button span, .said")) place.textContent = sentence;
    button.classList.add("done");
    clearTimeout(this.ending);
    this.ending = setTimeout(() => {
      button.classList.remove("done");
      button.querySelector("span").textContent = NAME;
      this.root.querySelector(".said").textContent = "";
    }, SHOWN);
  }

  /* The older way to copy, which works without HTTPS in most browsers; else people do it. */
  showToCopy(text) {
    const place = this.root.querySelector(".by-hand");
    const input = place.querySelector("input");
    place.hidden = false;
    input.value = text;
    input.focus();
    input.select();
    if (!document.execCommand("copy")) return;
    place.hidden = true;
    this.say("Link copied");
  }
}

/* Shares a link on a phone, copies it elsewhere. Says whether it was copied; throws where neither is
   allowed. */
async function handOn(link) {
  if (navigator.share && matchMedia("(pointer: coarse)").matches) {
    try {
      await navigator.share({ title: document.title, url: await link });
      return false;
    } catch (error) {
      if (error?.name === "AbortError") return false;
    }
  }
  // Safari wants to be asked before the link is there.
  const blob = link.then((text) => new Blob([text], { type: "text/plain" }));
  await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  return true;
}
