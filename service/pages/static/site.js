// What every page has: theme, and words for requests that failed.
const root = document.documentElement;

function themed(wanted) {
  if (wanted) root.dataset.theme = wanted;
}

try {
  themed(localStorage.getItem("castbook-theme"));
} catch { /* storage may be forbidden; the system's theme holds */ }

document.getElementById("theme")?.addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  themed(dark ? "light" : "dark");
  try {
    localStorage.setItem("castbook-theme", root.dataset.theme);
  } catch { /* it holds for this page only */ }
});

// Shows a sentence for a while; screen readers hear it.
export function notify(text, bad = false) {
  const notice = document.getElementById("notice");
  notice.className = bad ? "bad" : "";
  notice.textContent = text;
  clearTimeout(notify.timer);
  if (text) notify.timer = setTimeout(() => { notice.textContent = ""; }, bad ? 12000 : 5000);
}

// htmx 4 swaps answers of errors, too; a problem document is for the notice, not for the page.
document.addEventListener("htmx:before:swap", (event) => {
  const status = event.detail.ctx?.response?.raw?.status ?? event.detail.ctx?.response?.status ?? 200;
  if (status < 400) return;
  event.preventDefault();
  let detail = event.detail.ctx.text ?? "";
  try {
    const problem = JSON.parse(detail);
    detail = problem.detail ?? problem.error?.message ?? detail;
  } catch { /* plain text */ }
  notify(document.body.dataset.failed.replace("{detail}", detail.slice(0, 400)), true);
});
document.addEventListener("htmx:error", () => notify(document.body.dataset.offline, true));


// A <form data-submit-on-change> needs no button where programs run.
document.addEventListener("change", (event) => {
  event.target.closest?.("form[data-submit-on-change]")?.requestSubmit();
});

// A sentence that came with a fragment stands in the notice for a while, too.
document.addEventListener("htmx:after:swap", () => {
  const notice = document.getElementById("notice");
  if (notice?.textContent.trim()) notify(notice.textContent.trim());
});
