// Whether somebody is at this page. What the page reads by itself, since a visitor wrote or a line came back, must not keep
// the session alive (ASVS 7.3.1): such a request says so, and the server judges it without noting a use.

export const backgroundHeader = 'Parlatory-Background'

/** For how long after a key, a press, a turn of the wheel or a look at the tab somebody is taken to be there. */
const attention = 30_000
const signs = ['keydown', 'pointerdown', 'wheel'] as const

let last = Date.now() // to open the page is somebody's act

function here(): void {
  last = Date.now()
}

if (typeof window !== 'undefined') {
  for (const sign of signs) window.addEventListener(sign, here, { capture: true, passive: true })
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') here() })
}

/** The clock may have been set back meanwhile: then nobody is known to be there. */
export function attended(): boolean {
  return Math.abs(Date.now() - last) < attention
}
