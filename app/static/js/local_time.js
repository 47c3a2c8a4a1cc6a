// Says a moment at the event's place in the reader's own time as well, where the two differ.
//   <time datetime="2027-03-06T00:00:00+01:00" data-local="{moment} where you are">
// In the words of the page: the language is the page's, not the browser's, and a day has 24 hours.
const { lang } = document.documentElement;
const day = new Intl.DateTimeFormat(lang, { dateStyle: "long" });
const clock = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export function enhance(time) {
  const moment = new Date(time.dateTime);
  // Midnight there is midnight here only where the clocks agree.
  if (moment.getHours() === 0 && moment.getMinutes() === 0) return;
  const words = `${day.format(moment)}, ${clock.format(moment)}`;
  time.append(` – ${time.dataset.local.replace("{moment}", words)}`);
}
