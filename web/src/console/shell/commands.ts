import { useEffect, useSyncExternalStore } from 'react'

/** Something that can be done from the keyboard or the palette. */
export interface Command {
  id: string
  label: string
  group: 'Go to' | 'Enquiry' | 'View' | 'Help'
  /** "j", "?", "g i" (one after the other) or "mod+k". */
  keys?: string
  /** Other words by which it is found. */
  find?: string
  run: () => void
}

let sets: readonly (readonly Command[])[] = []
let flat: readonly Command[] = []
const listeners = new Set<() => void>()

function replace(next: typeof sets): void {
  sets = next
  const seen = new Map<string, Command>()
  for (const set of sets) for (const command of set) seen.set(command.id, command)
  flat = [...seen.values()]
  for (const listener of listeners) listener()
}

/** Every command that can be given now. */
export function commands(): readonly Command[] {
  return flat
}

export function useAllCommands(): readonly Command[] {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, commands)
}

/** Offers commands while the component stands in the page. Give it a memoised list. */
export function useCommands(list: readonly Command[]): void {
  useEffect(() => {
    replace([...sets, list])
    return () => { replace(sets.filter((set) => set !== list)) }
  }, [list])
}
