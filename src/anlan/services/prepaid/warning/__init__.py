"""Early warning: how likely it is that a merchant fails, learned from those that did.

Only merchants are ever scored. No person is: features that speak of one are refused (`features.Feature`), and nothing
here reads a table about people. What comes out is a reason to look on the spot, never a decision.

LightGBM and scikit-learn are slow to import: training, evaluation and night work use this package, a web process
does not.
"""
