// Sets the chosen theme before anything is painted, so that a dark page never flashes white.
const chosenTheme = localStorage.getItem("tidegauge-theme");
if (chosenTheme) document.documentElement.dataset.theme = chosenTheme;
