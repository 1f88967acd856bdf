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
