// Works out the smallest contrast of text and what is behind it, by the rule of WCAG 2: tests run it in the page.
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => {
    const linear = (one) => (one / 255 <= 0.03928 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb(colour).map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const back = getComputedStyle(at).backgroundColor;
      if (rgb(back)[3] === 255) return back;
    }
    return "white";
  };
  const texts = "h1, h2, h3, .think, .facts, .foot span, .verdict, .figure, tbody td, tbody th, .legend b, .state, #headline, nav a";
  let [worst, where] = [99, ""];
  for (const node of document.querySelectorAll(texts)) {
    if (!node.textContent.trim() || node.closest("[class*=thin]")) continue;
    const [one, two] = [light(getComputedStyle(node).color), light(behind(node))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (two + 0.05);
    if (ratio < worst) [worst, where] = [ratio, `${node.className} ${node.textContent.slice(0, 40)}`];
  }
  return { worst, where };
}
