//! The WASM entry point: makes panics readable in the console of the browser. `loader.js` hydrates the islands.

// Nothing here names `app`, yet its islands must be linked in.
use app as _;

/// Called by `loader.js` once the module is there, before it hydrates any island.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
