/** Small drawings, as lines on 24 by 24; they say nothing to who cannot see them. */

import { h } from "../base/tree.js";

const LINES = {
  alert: "M12 8v5M12 16.5v.01M10.3 4.3 2.6 17.6A2 2 0 0 0 4.3 20.6h15.4a2 2 0 0 0 1.7-3L13.7 4.3a2 2 0 0 0-3.4 0Z",
  bell: "M18 9a6 6 0 1 0-12 0c0 6-2.5 7-2.5 7h17S18 15 18 9M10 20a2.2 2.2 0 0 0 4 0",
  board: "M4 4h4.5v15H4zM10 4h4.5v10H10zM16 4h4.5v6.500H16z",
  calendar: "M4 6.500h16V20H4zM4 10.500h16M8 3.500v4M16 3.500v4",
  chart: "M4 20h16M7 16v-5M12 16V5M17 16v-8",
  check: "M5 12.500 10 17.500 19.500 7",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3.500 2",
  close: "M6 6l12 12M18 6 6 18",
  down: "M6 9.500l6 6 6-6",
  download: "M12 4v11M7.500 11 12 15.500 16.500 11M5 20h14",
  edit: "M4 20h4L19 9a2.800 2.800 0 0 0-4-4L4 16zM13.500 6.500l4 4",
  filter: "M4 5h16l-6.200 7.500V19l-3.600-2v-4.500z",
  flag: "M6 21V4M6 5h11l-2.500 4L17 13H6",
  help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M9.700 9.500a2.400 2.400 0 1 1 3.500 2.200c-.8.4-1.200.9-1.200 1.800M12 16.500v.01",
  key: "M14 10a4.500 4.500 0 1 0-4.200 4.500L12 12.500h2V15h2.500v2.500H20V14l-4.600-3.600",
  list: "M9 6h11M9 12h11M9 18h11M4.500 6v.01M4.500 12v.01M4.500 18v.01",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  mail: "M4 6h16v12H4zM4 7l8 6 8-6",
  message: "M4 5h16v11H9.500L5 19.500V16H4z",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500Z",
  more: "M5 12v.01M12 12v.01M19 12v.01",
  out: "M10 4H5v16h5M15 8l4 4-4 4M19 12H9.500",
  people: "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7M3 20a6 6 0 0 1 12 0M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14.500a6 6 0 0 1 3 5.500",
  person: "M12 11.500a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4.500 20.500a7.500 7.500 0 0 1 15 0",
  phone: "M5 4h4l1.500 4.500L8.300 10a12 12 0 0 0 5.700 5.700l1.500-2.200L20 15v4a1.500 1.500 0 0 1-1.600 1.500A16 16 0 0 1 3.500 5.600 1.500 1.500 0 0 1 5 4Z",
  plus: "M12 5v14M5 12h14",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13M15.500 15.500 20 20",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5M9 19.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8M12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M5.300 18.700l1.400-1.400M17.300 6.700l1.400-1.400",
  undo: "M8.500 5 4.500 9l4 4M5 9h9a5.500 5.500 0 0 1 0 11h-4",
  upload: "M12 15.500V4.500M7.500 9 12 4.500 16.500 9M5 20h14",
};

/** Give a drawing by its name; it is as large as the text beside it. */
export function icon(name) {
  const shape = h("path", { d: LINES[name] });
  const look = {
    class: "icon",
    viewBox: "0 0 24 24",
    width: "1.25em",
    height: "1.25em",
    fill: "none",
    stroke: "currentColor",
    "stroke-width": "1.75",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
  };
  return h("svg", look, shape);
}
