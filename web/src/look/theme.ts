import { createTheme, type CSSVariablesResolver, localStorageColorSchemeManager, type MantineColorsTuple } from '@mantine/core'

const brand: MantineColorsTuple = [
  '#edf3ff', '#dbe6fb', '#b5ccf6', '#8db1ff', '#5f8ce8', '#3f6fd2', '#2f5fc4', '#3565cb', '#2752ad', '#1c479f',
]
const danger: MantineColorsTuple = [
  '#fdecec', '#fad4d4', '#f3a9a9', '#ff9a9a', '#e05555', '#cf3a3a', '#b42323', '#bb2a2a', '#931b1b', '#7a1414',
]

const dark: MantineColorsTuple = [
  '#e9ebf0', '#b8bfcc', '#a3abba', '#737b8a', '#424855', '#2e323d', '#22262f', '#191b22', '#121419', '#0b0c10',
]

export const theme = createTheme({
  colors: { brand, danger, dark },
  primaryColor: 'brand',
  primaryShade: { light: 6, dark: 7 },
  fontFamily: 'var(--p-font)',
  fontFamilyMonospace: 'var(--p-mono)',
  headings: { fontFamily: 'var(--p-font)', fontWeight: '650' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  components: {
    PasswordInput: { defaultProps: { visibilityToggleFocusable: true } }, // by keyboard too (WCAG 2.1.1)
    Radio: { classNames: { radio: 'p-mark' } },
    Switch: { classNames: { track: 'p-track' } },
    Input: { classNames: { wrapper: 'p-input' } },
    // What is closed is gone at once: single keys rest while a dialog stands, and one that fades away still stands.
    Drawer: { defaultProps: { transitionProps: { duration: 200, exitDuration: 0 } } },
    Modal: { defaultProps: { transitionProps: { transition: 'fade-down', duration: 200, exitDuration: 0 }, centered: true, overlayProps: { backgroundOpacity: 0.45 }, radius: 'md', closeButtonProps: { 'aria-label': 'Close' } }, classNames: { title: 'p-title' } },
    ModalHeader: { defaultProps: { role: 'presentation' } }, // one dialog above another would be two banners
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
    // Inside its landmark, and without the placeholder that a menu may not have as a child (WAI-ARIA 1.2).
    Menu: { defaultProps: { shadow: 'md', radius: 'md', withinPortal: false, withInitialFocusPlaceholder: false } },
  },
})

/** Mantine's own variables, pointed at our tokens, so that both move together. */
export const variables: CSSVariablesResolver = () => {
  const ours = {
    '--mantine-color-body': 'var(--p-ground)',
    '--mantine-color-text': 'var(--p-text)',
    '--mantine-color-dimmed': 'var(--p-dim)',
    '--mantine-color-placeholder': 'var(--p-dim)',
    '--mantine-color-anchor': 'var(--p-link)',
    '--mantine-color-error': 'var(--p-danger)',
    '--mantine-color-default': 'var(--p-raised)',
    '--mantine-color-default-color': 'var(--p-text)',
    '--mantine-color-default-hover': 'var(--p-hover)',
    '--mantine-color-default-border': 'var(--p-soft)',
    '--mantine-primary-color-filled': 'var(--p-brand)',
    '--mantine-primary-color-filled-hover': 'var(--p-brand-hover)',
  }
  return { variables: {}, light: ours, dark: ours }
}

export const schemes = localStorageColorSchemeManager({ key: 'parlatory.scheme' })
