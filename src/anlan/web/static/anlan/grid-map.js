// The grid map: a drawing that can be changed corner by corner. What grids share they share corner by corner, so a
// corner moves in all of them. Nothing is decided here: the server checks whatever is sent.
import { mapOf } from "./map.js";

const SNAP = 12; // pixels within which a corner falls onto another one, or onto a border
const STEP = 8; // pixels that an arrow key moves a corner; with Shift one
const MOST_STEPS = 100;
const APART = 52; // pixels between two corners that leave room to press a mark in the middle

const root = document.querySelector("[data-grid-map]");
if (root && window.L) start(root);

function start(root) {
  const told = JSON.parse(root.dataset.gridMap);
  const map = mapOf(root.querySelector("[data-map]")).leaflet;
  const said = root.querySelector("[data-said]");
  const tools = root.querySelector("[data-tools]");
  const form = root.querySelector("[data-send]");
  tools.hidden = false;

  // Framed first, for the base map may know nothing of this community yet, and nothing can be drawn without a view.
  const turned = (ring) => ring.map(([lon, lat]) => [lat, lon]);
  const all = L.latLngBounds(turned([...told.outline, ...told.grids.flatMap(({ ring }) => ring)]));
  if (all.isValid()) map.fitBounds(all, { padding: [12, 12], animate: false });

  const layers = { grids: L.layerGroup().addTo(map), before: L.layerGroup(), faults: L.layerGroup().addTo(map) };
  const corners = L.layerGroup().addTo(map);
  const sketch = L.layerGroup().addTo(map);
  const shape = (ring, className, more = {}) => L.polygon(turned(ring), { className, smoothFactor: 0, ...more });

  if (told.outline.length) shape(told.outline, "grid-outline", { interactive: false }).addTo(map);
  told.before.forEach(({ ring, name }) => shape(ring, "grid-before").bindTooltip(text(name)).addTo(layers.before));
  told.faults.forEach(({ rings, words, stops }) =>
    rings.forEach((ring) => shape(ring, `grid-fault ${stops ? "stops" : ""}`).bindTooltip(text(words)).addTo(layers.faults)));
  tools.querySelectorAll("[data-layer]").forEach((box) => {
    box.addEventListener("change", () => (box.checked ? layers[box.dataset.layer].addTo(map) : layers[box.dataset.layer].remove()));
  });

  let rings = new Map(told.grids.map(({ key, ring }) => [key, ring]));
  const names = new Map(told.grids.map(({ key, name }) => [key, name]));
  const [past, future] = [[], []];
  let chosen = "";
  let mode = ""; // "split" or "draw" while points are set, "merge" while grids are picked
  let points = [];
  const picked = new Set();

  // A tooltip is told as an element: what people have typed is never read as HTML.
  function text(words) {
    const line = document.createElement("span");
    line.textContent = words;
    return line;
  }

  const narrow = matchMedia("(max-width: 43rem)");
  const editing = () => told.editable && !narrow.matches;
  const choose = tools.querySelector("[data-choose]");
  const act = (name) => tools.querySelector(`[data-do="${name}"]`);
  const same = (one, other) => one[0] === other[0] && one[1] === other[1];
  const rounded = ({ lng, lat }) => [Number(lng.toFixed(7)), Number(lat.toFixed(7))];
  const pixel = ([lon, lat]) => map.latLngToContainerPoint([lat, lon]);

  function show() {
    layers.grids.clearLayers();
    for (const [key, ring] of rings) {
      const polygon = shape(ring, `grid-drawn${key === chosen || picked.has(key) ? " chosen" : ""}`);
      polygon.on("click", (event) => {
        if (!told.editable || (mode && mode !== "merge")) return;
        L.DomEvent.stopPropagation(event);
        if (mode) pick(key);
        else select(key);
      });
      polygon.addTo(layers.grids);
      const icon = L.divIcon({ html: text(names.get(key)), className: "grid-name", iconSize: null });
      L.marker(polygon.getBounds().getCenter(), { icon, interactive: false, keyboard: false }).addTo(layers.grids);
    }
    handles();
    if (!told.editable) return;
    // What was saved is undone by the server, step by step, once nothing here is left to undo.
    act("undo").disabled = !(mode ? points.length : past.length || told.undo);
    act("redo").disabled = Boolean(mode) || !(future.length || (told.redo && !past.length));
    act("save").disabled = !past.length;
    for (const name of ["split", "draw", "merge"]) act(name).disabled = past.length > 0;
  }

  function select(key) {
    chosen = key;
    choose.value = key;
    show();
    if (key) said.textContent = `${root.dataset.chosen} ${names.get(key)}`;
  }

  // The corners of the chosen grid, and a mark between each two where one can be added.
  function handles(focused = null) {
    const at = buttons().indexOf(document.activeElement);
    corners.clearLayers();
    if (!editing() || !chosen || mode) return;
    const ring = rings.get(chosen);
    ring.forEach((corner, number) => {
      const next = ring[(number + 1) % ring.length];
      handle(corner, `${root.dataset.vertex} ${number + 1}`, "", (button, marker) => held(button, marker, corner));
      if (pixel(corner).distanceTo(pixel(next)) < APART) return;
      const between = [(corner[0] + next[0]) / 2, (corner[1] + next[1]) / 2].map((n) => Number(n.toFixed(7)));
      handle(between, `${root.dataset.between} (${number + 1})`, "between", (button) =>
        button.addEventListener("click", () => add(corner, next, between)));
    });
    // The keyboard stays where it was: at the corner that moved, or at what has taken the place of one that is gone.
    const there = corners.getLayers().findIndex((marker) => focused && same(rounded(marker.getLatLng()), focused));
    const place = there >= 0 ? there : Math.min(at, buttons().length - 1);
    buttons()[place]?.focus({ preventScroll: true });
  }

  const buttons = () => corners.getLayers().map((marker) => marker.getElement().querySelector("button"));

  function handle([lon, lat], label, className, dress) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = className;
    button.ariaLabel = label;
    const icon = L.divIcon({ html: button, className: "grid-corner", iconSize: null });
    const draggable = className !== "between";
    const marker = L.marker([lat, lon], { icon, draggable, keyboard: false, zIndexOffset: draggable ? 20_000 : 10_000 });
    marker.addTo(corners);
    dress(button, marker);
  }

  function held(button, marker, corner) {
    marker.on("drag", () => stretched(corner, marker.getLatLng()));
    marker.on("dragend", () => {
      sketch.clearLayers();
      move(corner, snapped(marker.getLatLng(), corner));
    });
    button.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 1 : STEP;
      const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      if (!way && event.key !== "Delete") return;
      event.preventDefault();
      event.stopPropagation();
      if (way) move(corner, rounded(map.containerPointToLatLng(pixel(corner).add(way))));
      else takeOut(corner);
    });
  }

  // How the borders would run while a corner is being dragged.
  function stretched(corner, where) {
    sketch.clearLayers();
    for (const [start, end] of edges()) {
      if (!same(start, corner) && !same(end, corner)) continue;
      const line = turned([start, end].map((each) => (same(each, corner) ? rounded(where) : each)));
      L.polyline(line, { className: "grid-line", interactive: false }).addTo(sketch);
    }
  }

  const edges = () => [...rings.values(), told.outline].flatMap((ring) => ring.map((corner, at) => [corner, ring[(at + 1) % ring.length]]));

  // The nearest corner of another place if one is near enough, else the nearest point of a border.
  function snapped(where, own) {
    const there = map.latLngToContainerPoint(where);
    const others = edges().filter((edge) => !edge.some((corner) => same(corner, own)));
    const nearest = (places) => {
      const found = places.map((place, at) => [place.distanceTo(there), at]).sort(([one], [other]) => one - other)[0];
      return found && found[0] <= SNAP ? found[1] : -1;
    };
    const corner = others.flat()[nearest(others.flat().map(pixel))];
    const feet = others.map(([start, end]) => L.LineUtil.closestPointOnSegment(there, pixel(start), pixel(end)));
    const beside = feet[nearest(feet)];
    return corner ?? (beside ? rounded(map.containerPointToLatLng(beside)) : rounded(where));
  }

  function change(next, focused = null) {
    past.push(rings);
    if (past.length > MOST_STEPS) past.shift();
    future.length = 0;
    rings = next;
    show();
    handles(focused);
    said.textContent = root.dataset.moved;
  }

  const eachRing = (turn) => new Map([...rings].map(([key, ring]) => [key, turn(ring)]));

  function move(from, to) {
    const moved = eachRing((ring) => ring
      .map((corner) => (same(corner, from) ? to : corner))
      .filter((corner, at, all) => !same(corner, all.at(at - 1))));
    if (same(from, to) || [...moved.values()].some((ring) => ring.length < 3)) show();
    else change(moved, to);
  }

  const before = (corner) => rings.get(chosen).at(rings.get(chosen).findIndex((each) => same(each, corner)) - 1);

  function takeOut(gone) {
    const left = eachRing((ring) => ring.filter((corner) => !same(corner, gone)));
    if ([...left.values()].some((ring) => ring.length < 3)) said.textContent = root.dataset.least;
    else change(left, before(gone));
  }

  // Into every ring that has this edge, whichever way round.
  function add(start, end, between) {
    change(eachRing((ring) => ring.flatMap((corner, at) => {
      const next = ring[(at + 1) % ring.length];
      const edge = (same(corner, start) && same(next, end)) || (same(corner, end) && same(next, start));
      return edge ? [corner, between] : [corner];
    })), between);
  }

  function step(from, to, name) {
    if (!from.length) {
      if (!act(name).disabled) send({ act: name });
      return;
    }
    to.push(rings);
    rings = from.pop();
    show();
  }

  function begin(what) {
    if (past.length) return;
    if (what !== "draw" && !chosen) {
      said.textContent = root.dataset.nothing;
      choose.focus();
      return;
    }
    [mode, points] = [what, []];
    drawn();
    if (mode === "merge") pick(chosen);
    else map.getContainer().focus();
  }

  // In the list it is chosen by the keyboard, on the map by a tap; again takes it out.
  function pick(key) {
    if (!picked.delete(key)) picked.add(key);
    show();
    said.textContent = `${root.dataset.merging} ${[...picked].map((each) => names.get(each)).join("、")}`;
  }

  function drawn() {
    sketch.clearLayers();
    const where = turned(points);
    if (where.length) L.polyline(where, { className: "grid-line", interactive: false }).addTo(sketch);
    where.forEach((point) => L.circleMarker(point, { radius: 5, className: "grid-line", interactive: false }).addTo(sketch));
    for (const name of ["finish", "cancel"]) act(name).hidden = !mode;
    for (const name of ["split", "draw", "merge", "save"]) act(name).hidden = Boolean(mode);
    if (mode && mode !== "merge") said.textContent = `${root.dataset.points} ${points.length}`;
    show();
  }

  function point(where) {
    points.push(snapped(where, [NaN, NaN]));
    drawn();
  }

  const asLines = (list) => list.map((corner) => corner.join(", ")).join("\n");

  function send(values) {
    leaving = true;
    for (const [name, value] of Object.entries(values)) {
      for (const each of [value].flat()) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: each }));
    }
    form.requestSubmit();
  }

  function finish() {
    if (mode === "merge") send({ act: "merge", grids: [...picked] });
    else if (mode === "split") send({ act: "split", grid: chosen, line: asLines(points) });
    else send({ act: "draw", ring: asLines(points) });
  }

  function cancel() {
    mode = "";
    points = [];
    picked.clear();
    drawn();
    said.textContent = "";
  }

  let leaving = false;
  show();
  if (!told.editable) return;

  const doing = {
    undo: () => (mode ? (points.pop(), drawn()) : step(past, future, "undo")),
    redo: () => mode || step(future, past, "redo"),
    save: () => send({ act: "rings", rings: JSON.stringify(Object.fromEntries(rings)) }),
    split: () => begin("split"),
    draw: () => begin("draw"),
    merge: () => begin("merge"),
    finish,
    cancel,
  };
  tools.addEventListener("click", ({ target }) => doing[target.closest("[data-do]")?.dataset.do]?.());
  choose.addEventListener("change", () => {
    if (mode !== "merge") select(choose.value);
    else if (choose.value) pick(choose.value);
  });
  map.on("zoomend", () => handles());
  narrow.addEventListener("change", show);
  map.on("click", ({ latlng }) => mode && mode !== "merge" && point(latlng));
  map.getContainer().addEventListener("keydown", (event) => {
    if (event.target !== map.getContainer()) return;
    if (mode && mode !== "merge" && event.key === "Enter") point(map.getCenter());
    else return;
    event.preventDefault();
  });
  root.addEventListener("keydown", (event) => mode && event.key === "Escape" && cancel());
  root.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || (key !== "z" && key !== "y")) return;
    event.preventDefault();
    doing[key === "y" || event.shiftKey ? "redo" : "undo"]();
  });
  window.addEventListener("beforeunload", (event) => past.length && !leaving && event.preventDefault());
}
