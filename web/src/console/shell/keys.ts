import { useEffect } from 'react'
import { preferences } from '../preferences'
import { commands } from './commands'

const chainTime = 1_200

/** Finds the command of a key, given the key that came just before it. Pure, so that it can be tested. */
export function match<T extends { keys?: string }>(list: readonly T[], before: string, key: string): T | 'chain' | undefined {
  const chained = before && list.find((command) => command.keys === `${before} ${key}`)
  if (chained) return chained
  const single = list.find((command) => command.keys === key)
  if (single) return single
  return list.some((command) => command.keys?.startsWith(`${key} `)) ? 'chain' : undefined
}

function writes(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select, [role="textbox"]'))
}

/** Listens for the shortcuts. Letters are left alone where one writes, in dialogs, and when they are switched off. */
export function useKeys(): void {
  useEffect(() => {
    let before = ''
    let timer = 0
    function onKey(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.isComposing || event.altKey) return
      const mod = event.ctrlKey || event.metaKey
      const inDialog = document.querySelector('[role="dialog"]') !== null
      if (mod) {
        const command = commands().find((one) => one.keys === `mod+${event.key.toLowerCase()}`)
        if (!command) return
        event.preventDefault()
        command.run()
        return
      }
      if (inDialog || !preferences().singleKeys || writes(event.target)) return
      const found = match(commands(), before, event.key.length === 1 ? event.key.toLowerCase() : event.key)
      window.clearTimeout(timer)
      before = ''
      if (found === 'chain') {
        before = event.key.toLowerCase()
        timer = window.setTimeout(() => { before = '' }, chainTime)
      } else if (found) {
        event.preventDefault()
        found.run()
      }
    }
    document.addEventListener('keydown', onKey)
    return () => {
      document.removeEventListener('keydown', onKey)
      window.clearTimeout(timer)
    }
  }, [])
}

const mac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent)

/** The keys of a command, one by one, as they are written on this machine's keyboard. */
export function spell(keys: string): string[] {
  return keys.split(/[ +]/).map((key) => (key === 'mod' ? (mac ? '⌘' : 'Ctrl') : key.length === 1 ? key.toUpperCase() : key))
}
