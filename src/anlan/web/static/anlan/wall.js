// The wall follows what happens, and looks for itself each minute: there may be no stream.
import { listen } from "./live.js";

const PAUSE = 5000; // a busy minute is not a flickering wall
const MINUTE = 60_000;
let waiting = null;
listen(() => (waiting ??= setTimeout(() => location.reload(), PAUSE)));
setTimeout(() => location.reload(), MINUTE);
