// Says a moment at the event's place in the reader's own time as well, where the two differ.
//   <time datetime="2027-03-06T00:00:00+01:00" data-local="{moment} where you are">
export function enhance(time) {
  const moment = new Date(time.dateTime);
  const at = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
  // Midnight there is midnight here only where the clocks agree.
  if (moment.getHours() === 0 && moment.getMinutes() === 0) return;
  time.append(` – ${time.dataset.local.replace("{moment}", at.format(moment))}`);
}
