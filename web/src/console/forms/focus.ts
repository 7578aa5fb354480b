import { useEffect } from 'react'

/**
 * Gives the focus back to where it was before a dialog came: Mantine does so for dialogs that stay in the page and are opened, and ours come
 * and go whole. What is gone meanwhile, such as a deleted row's button, gets none.
 */
export function useFocusBack(): void {
  useEffect(() => {
    const before = document.activeElement
    return () => { if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true }) }
  }, [])
}
