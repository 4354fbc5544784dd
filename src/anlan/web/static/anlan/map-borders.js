// The ground of a map: an area's parts, and the parts of whatever the reader comes near to, each fetched once.
const GRID = 5; // the smallest level
const OPEN = 1.1; // an area shows its parts from this size on, by the map's shorter side
const LETTER = 14; // pixels a letter of a name takes

export function bordersOn(map, address, within, schematic) {
  let pointed = null;
  const whole = { code: within, level: 0, parts: null };

  async function load(area) {
    const answer = await fetch(`${address}?within=${area.code}`);
    const found = answer.ok ? await answer.json() : { features: [] };
    if (found.schematic) schematic();
    return found.features.map(drawn);
  }

  const partsOf = async (area) => (area.parts = await (area.coming ??= load(area)));

  function drawn({ geometry, properties: { code, name, level, point } }) {
    const corners = geometry.coordinates[0].map(([lon, lat]) => [lat, lon]);
    const border = L.polygon(corners, { className: `area level-${level}`, interactive: false, smoothFactor: 0 });
    const words = document.createElement("span");
    words.textContent = name;
    const icon = L.divIcon({ html: words, className: "area-name", iconSize: null });
    const sign = L.marker([point[1], point[0]], { icon, interactive: false, keyboard: false, zIndexOffset: -1000 });
    return { code, name, level, border, sign, bounds: border.getBounds(), parts: null };
  }

  function size({ bounds }) {
    const [one, other] = [bounds.getNorthWest(), bounds.getSouthEast()].map((corner) => map.latLngToContainerPoint(corner));
    return other.subtract(one);
  }

  const put = (layer, shown) => (shown ? layer.addTo(map) : layer.remove());

  function show(area, seen) {
    for (const part of area.parts ?? []) {
      put(part.border, seen);
      const { x, y } = size(part);
      const near = seen && map.getBounds().intersects(part.bounds);
      const open = near && part.level < GRID && Math.max(x, y) > OPEN * Math.min(map.getSize().x, map.getSize().y);
      put(part.sign, near && !open && x > LETTER * part.name.length);
      if (open && !part.parts) partsOf(part).then(refresh);
      show(part, open);
    }
  }

  function refresh() {
    if (!whole.parts || !map._loaded) return;
    show(whole, true);
    if (pointed && map.hasLayer(pointed.border)) pointed.border.bringToFront();
  }

  // Point out the area at the end of a path; its bounds, or those of the whole where there is none.
  async function reveal(path) {
    const codes = path ? path.split(".") : [];
    let area = whole;
    await partsOf(whole);
    for (const code of codes.slice(codes.indexOf(within) + 1)) {
      const part = (await partsOf(area)).find((each) => each.code === code);
      if (!part) break;
      area = part;
    }
    point(area === whole ? null : area);
    map.whenReady(refresh);
    const seen = area === whole ? whole.parts : [area];
    return L.latLngBounds(seen.flatMap(({ bounds }) => [bounds.getSouthWest(), bounds.getNorthEast()]));
  }

  function point(area) {
    dress(pointed, false);
    pointed = area;
    dress(pointed, true);
  }

  function dress(area, here) {
    if (!area) return;
    // The option for when it is drawn, the element if it is.
    area.border.options.className = `area level-${area.level}${here ? " here" : ""}`;
    area.border.getElement()?.classList.toggle("here", here);
  }

  map.on("moveend", refresh);
  return { reveal };
}
