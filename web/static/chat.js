// Asks without leaving the page. The form works without this file; whenever something here
// fails, the form is submitted the ordinary way.

const thread = document.getElementById("thread");
const form = document.getElementById("ask");
const box = document.getElementById("text");
const status = document.getElementById("status");
let waiting = false;

function addBubble(text) {
  const bubble = document.createElement("p");
  bubble.className = "bubble";
  const who = document.createElement("span");
  who.className = "unseen";
  who.textContent = "您问：";
  bubble.append(who, text);
  thread.append(bubble);
  return bubble;
}

async function answer(text) {
  const response = await fetch(form.action, {
    method: "POST",
    headers: { "X-Requested-With": "fetch" },
    body: new URLSearchParams({ text }),
  });
  if (!response.ok) throw new Error(String(response.status));
  return new DOMParser().parseFromString(await response.text(), "text/html").body.children;
}

async function ask(text) {
  if (waiting) return;
  waiting = true;
  status.textContent = "正在查清单……";
  const bubble = addBubble(text);
  try {
    thread.append(...(await answer(text)));
    box.value = "";
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    bubble.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  } catch {
    bubble.remove();
    box.value = text;
    form.submit();
  } finally {
    waiting = false;
    status.textContent = "";
  }
}

form.addEventListener("submit", (event) => {
  const text = box.value.trim();
  event.preventDefault();
  if (text) ask(text);
});

document.querySelector(".example-list").addEventListener("submit", (event) => {
  if (!event.submitter) return;
  event.preventDefault();
  ask(event.submitter.value);
});

box.addEventListener("keydown", (event) => {
  // isComposing: Enter that picks a word in a Chinese input method sends nothing.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});
