"""The branch of the sentence encoder that the trained heads read: its last layers once more, with weights of their own.

They begin with what the encoder's own first layers make of each token, in the same pass as the embedding.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import dropout, gelu, scaled_dot_product_attention


class Layer(nn.Module):
    """One layer of BERT (Devlin et al. 2019): attention, then two dense layers, each added to its input and normalised."""

    def __init__(self, width: int, inner: int, attention_heads: int) -> None:
        super().__init__()
        self.attention_heads = attention_heads
        self.dropped = 0.0  # share of values set to zero while training
        self.query_key_value = nn.Linear(width, 3 * width)
        self.joined = nn.Linear(width, width)
        self.attended = nn.LayerNorm(width, eps=1e-12)
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)
        self.done = nn.LayerNorm(width, eps=1e-12)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """(n, tokens, width) to the same; `mask` (n, 1, 1, tokens) is true for tokens and false for padding."""
        count, tokens, width = hidden.shape
        shape = (count, tokens, 3, self.attention_heads, width // self.attention_heads)
        query, key, value = self.query_key_value(hidden).view(shape).permute(2, 0, 3, 1, 4).unbind(0)
        if self.training:  # on one processor quicker there and back than the fused attention, which is quicker one way
            looks = (query @ key.transpose(2, 3)) * shape[-1] ** -0.5
            found = looks.masked_fill(~mask, -1e4).softmax(dim=3) @ value
        else:
            found = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        found = self.joined(found.transpose(1, 2).reshape(count, tokens, width))
        hidden = self.attended(hidden + dropout(found, self.dropped, self.training))
        found = self.down(gelu(self.up(hidden)))
        return self.done(hidden + dropout(found, self.dropped, self.training))  # type: ignore[no-any-return]


class Layers(nn.Module):
    """Layers one after the other, and the mean of the last over a text's tokens."""

    def __init__(self, count: int, width: int, inner: int, attention_heads: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(width, inner, attention_heads) for _ in range(count))

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """(n, tokens, width) and the mask (n, tokens) of true and false to (n, width), in single precision."""
        wide = mask[:, None, None, :]
        for layer in self.layers:
            hidden = layer(hidden, wide)
        weights = mask.float() / mask.sum(dim=1, keepdim=True)
        return (hidden.float() * weights.unsqueeze(2)).sum(dim=1)
