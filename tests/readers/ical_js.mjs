// Print every event in the calendar on standard input, as ical.js reads it: {uid: [start, end,
// summary, description, location]}, times in milliseconds since 1970, whole days as YYYY-MM-DD.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
for (const timezone of calendar.getAllSubcomponents("vtimezone")) {
  ICAL.TimezoneService.register(timezone);
}
const shown = (time) => (time.isDate ? time.toString() : time.toUnixTime() * 1000);
const found = {};
for (const component of calendar.getAllSubcomponents("vevent")) {
  const event = new ICAL.Event(component);
  const texts = [event.summary, event.description, event.location].map((text) => text ?? "");
  found[event.uid] = [shown(event.startDate), shown(event.endDate), ...texts];
}
console.log(JSON.stringify(found));
