// Loads the page again once there is more to show.
//   <div data-poll-url="/…" data-poll-for="plan" or "answers" data-answered="3">
//   asks there for {is_over, answered, open}: a plan is there when it is over, answers when none is
//   open or some more have come. A failed request asks again later.
const PAUSE = 2000;
const LONGEST = 20000;
const A_FEW = 5;

function isWorthwhile(element, state) {
  if (element.dataset.pollFor === "plan") return state.is_over;
  return state.open === 0 || state.answered >= Number(element.dataset.answered) + A_FEW;
}

function isBeingUsed() {
  const focused = document.activeElement;
  return focused instanceof HTMLElement && focused.matches("main :is(input, textarea, select)");
}

export function enhance(element) {
  let pause = PAUSE;

  async function ask() {
    try {
      const answer = await fetch(element.dataset.pollUrl, { headers: { Accept: "application/json" } });
      const state = answer.ok ? await answer.json() : null;
      // Never under somebody's hands: a form that is being filled in stays.
      if (state && isWorthwhile(element, state) && !isBeingUsed()) {
        location.reload();
        return;
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    pause = Math.min(pause * 1.2, LONGEST);
    setTimeout(ask, pause);
  }

  setTimeout(ask, PAUSE);
}
