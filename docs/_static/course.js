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
