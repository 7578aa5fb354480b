declare const __CHAT__: string

const script = document.currentScript
if (script instanceof HTMLScriptElement) {
  void import(/* @vite-ignore */ new URL(__CHAT__, script.src).href)
}
