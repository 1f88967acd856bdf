// A solution that a link or the page search leads into opens by itself.
function openSolution() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const solution = target && target.closest("details");
  if (solution) {
    solution.open = true;
    target.scrollIntoView();
  }
}
window.addEventListener("hashchange", openSolution);
window.addEventListener("DOMContentLoaded", openSolution);

// A page that is opened from the disk may not read others, so the search there shows
// the titles that it finds, without the text around.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}
