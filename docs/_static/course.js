// MyST-NB gives all folded cells the same name; their visible one says which it is.
window.addEventListener("DOMContentLoaded", () => {
  document
    .querySelectorAll("details.hide > summary")
    .forEach((summary) => summary.removeAttribute("aria-label"));
});

// A page that is opened from the disk may not read others, so the search there shows
// the titles that it finds, without the text around.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

// The switch to another language leads to the section that is read.
function section_in_sight() {
  const headings = [...document.querySelectorAll("article section[id] > :is(h2, h3)")];
  const above = headings.filter((h) => h.getBoundingClientRect().top < 120);
  return above.length ? `#${above.at(-1).parentElement.id}` : "";
}
window.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".languages a").forEach((link) =>
    link.addEventListener("click", () => { link.hash = section_in_sight(); }));
});
