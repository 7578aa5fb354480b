import { useSyncExternalStore } from 'react'

/** What a person sets for this browser. Nothing in here is private. */
export interface Preferences {
  /** Whether single letters are shortcuts (WCAG 2.2, 2.1.4 asks for the switch). */
  singleKeys: boolean
  /** Which key sends a message; the other one makes a new line. */
  sendBy: 'ctrl' | 'enter'
}

const shelf = 'parlatory.preferences'
const standard: Preferences = { singleKeys: true, sendBy: 'ctrl' }

function load(): Preferences {
  try {
    const kept = JSON.parse(localStorage.getItem(shelf) ?? '{}') as Partial<Preferences>
    return { singleKeys: kept.singleKeys !== false, sendBy: kept.sendBy === 'enter' ? 'enter' : 'ctrl' }
  } catch {
    return standard
  }
}

let now = load()
const listeners = new Set<() => void>()

export function preferences(): Preferences {
  return now
}

export function setPreferences(change: Partial<Preferences>): void {
  now = { ...now, ...change }
  try {
    localStorage.setItem(shelf, JSON.stringify(now))
  } catch {
    // Storage is off: the choice holds until the page is closed.
  }
  for (const listener of listeners) listener()
}

export function usePreferences(): Preferences {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, preferences)
}
