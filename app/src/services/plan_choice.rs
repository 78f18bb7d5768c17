//! The price of the chosen plan beside the button. The cards hold every price, so nothing is lost without script.

use domain::views::PlanView;
use leptos::prelude::*;

/// What the chosen plan costs, kept in step with the form's radio buttons.
#[island]
pub fn PriceSummary(
    /// The plans in the form.
    plans: Vec<PlanView>,
    /// The plan chosen at first.
    chosen: String,
) -> impl IntoView {
    let chosen = RwSignal::new(chosen);
    #[cfg(feature = "hydrate")]
    {
        let listener = window_event_listener(leptos::ev::change, move |event| {
            let input: web_sys::HtmlInputElement = event_target(&event);
            if input.name() == "plan" {
                chosen.set(input.value());
            }
        });
        on_cleanup(move || listener.remove());
    }
    let found = move || plans.iter().find(|plan| plan.plan == *chosen.read()).cloned();
    view! {
        <p class="price-summary" role="status">
            {move || {
                found()
                    .map(|plan| {
                        view! {
                            <span class="muted">{plan.label}</span>
                            <strong>{plan.per_month.dollars(2)} " per month"</strong>
                            <span class="muted">{plan.per_hour.dollars(4)} " per hour"</span>
                        }
                    })
            }}
        </p>
    }
}
